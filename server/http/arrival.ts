import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TrustedProxies } from '../trustedProxies.ts';
import { networkOf } from './address.ts';

/** How a request reached us, as its caller sees it. */
export type Arrival = {
  /** Where the caller is. @see networkOf */
  address: string;
  /** The name by which the caller reached us, e.g. `chat.example.org:8443`. */
  host: string | undefined;
  /** Whether a trusted proxy names that host. Such a proxy answers for the names it serves. */
  hostIsForwarded: boolean;
  /** Whether the caller uses https. */
  secure: boolean;
};

export type ReadArrival = (request: IncomingMessage) => Arrival;

/**
 * Reads the `X-Forwarded-…` headers of trusted proxies. Anybody can send these headers, so others' do not count.
 * @param publicUrl decides whether people use https. A proxy may receive https and still say `http`.
 */
export function createReadArrival(trusted: TrustedProxies, publicUrl: string | undefined): ReadArrival {
  const publicScheme = publicUrl && new URL(publicUrl).protocol;
  return ({ headers, socket }) => {
    const route = [...listOf(headers['x-forwarded-for']).map(withoutPort), socket.remoteAddress ?? ''];
    const proxies = proxiesAtEnd(route, trusted);
    const said = (name: 'host' | 'proto') =>
      proxies > 0 ? entryOf(listOf(headers[`x-forwarded-${name}`]), proxies) : undefined;
    const forwardedHost = said('host');
    return {
      address: networkOf(callerOf(route, proxies)),
      host: forwardedHost ?? headers.host,
      hostIsForwarded: forwardedHost !== undefined,
      secure: publicScheme ? publicScheme === 'https:' : said('proto')?.toLowerCase() === 'https',
    };
  };
}

/** Counts the trusted proxies at the end of a route. Each proxy adds the address from which it got the request. */
function proxiesAtEnd(route: string[], trusted: TrustedProxies): number {
  if (typeof trusted === 'number') return Math.min(trusted, route.length);
  const isTrusted = (address: string) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
  return route.length - 1 - route.findLastIndex((address) => !isTrusted(address));
}

/** The address before the proxies. Where that is none, the address of the first proxy stands for it. */
function callerOf(route: string[], proxies: number): string | undefined {
  const before = route.at(-1 - proxies);
  return before !== undefined && isIP(before) !== 0 ? before : route.at(-Math.max(1, proxies));
}

/** The entry that the outermost trusted proxy wrote. Some proxies add an entry, others replace all. */
function entryOf(entries: string[], proxies: number): string | undefined {
  return entries[Math.max(0, entries.length - proxies)];
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** Some proxies write the port too: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function withoutPort(entry: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
}
