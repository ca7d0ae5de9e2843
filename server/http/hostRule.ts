import { isIP, isIPv4 } from 'node:net';
import { createMiddleware } from 'hono/factory';
import { AppError } from '../../contract/errors.ts';
import type { Arrival } from './arrival.ts';

/** @throws AppError FORBIDDEN `foreign_host` for a name that is not ours */
export type CheckHost = (arrival: Pick<Arrival, 'host' | 'hostIsForwarded'>) => void;

export type Hosts = {
  /** Where the server listens. */
  bound: string;
  publicUrl: string | undefined;
  allowedOrigins: string[];
};

/** Names that mean something only inside of a network: nobody on the internet can own one. */
const INSIDE = /(^[^.]+|\.local|\.lan|\.home\.arpa|\.internal)$/;

/**
 * Refuses requests for names that are not ours. A page of `evil.example` may let that name mean our address; then a
 * visitor's browser takes our answers for that page's own ("DNS rebinding").
 */
export function createCheckHost({ bound, publicUrl, allowedOrigins }: Hosts): CheckHost {
  const origins = publicUrl ? [publicUrl, ...allowedOrigins] : allowedOrigins;
  const named = new Set(origins.map((origin) => nameOf(new URL(origin).host)));
  const isLocal = isLoopback(nameOf(isIP(bound) === 6 ? `[${bound}]` : bound) ?? '');
  return ({ host, hostIsForwarded }) => {
    // HTTP/1.0 knows no Host, and no browser speaks it. A trusted proxy answers for the names that it serves.
    if (!host || hostIsForwarded) return;
    const name = nameOf(host);
    if (name && (named.has(name) || isLoopback(name))) return;
    if (name && !isLocal && (isAddress(name) || INSIDE.test(name))) return;
    throw foreignHost(name && host, publicUrl);
  };
}

/** Checks every request that comes after it. */
export function refuseForeignHosts(check: CheckHost) {
  return createMiddleware<{ Variables: { arrival: Arrival } }>(async (c, next) => {
    check(c.var.arrival);
    await next();
  });
}

/** @returns the name in a Host header: lower case, without its port and the dot of an absolute name */
function nameOf(host: string): string | undefined {
  if (!/^[^\s/?#@\\]+$/.test(host)) return undefined;
  return URL.parse(`http://${host}`)?.hostname.replace(/\.$/, '');
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.+)\]$/, '$1')) !== 0;
}

function isLoopback(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true;
  return isIPv4(name) && name.startsWith('127.');
}

/** @param host undefined for one that cannot be read */
function foreignHost(host: string | undefined, publicUrl: string | undefined): AppError {
  const what = publicUrl
    ? `can add it to ALLOWED_ORIGINS, such as https://${host}`
    : `must set PUBLIC_URL to the address that they use, such as https://${host}`;
  const advice = host
    ? `This server is not known as ${host}. If people reach it by this name, its operator ${what}.`
    : 'The Host header cannot be read.';
  return new AppError('FORBIDDEN', 'foreign_host', advice);
}
