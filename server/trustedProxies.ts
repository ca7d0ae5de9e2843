import { BlockList, isIP } from 'node:net';

/** The proxies whose `X-Forwarded-…` headers count: their addresses, or how many of them stand before the server. */
export type TrustedProxies = BlockList | number;

/**
 * Reads TRUSTED_PROXIES: a number of hops, or addresses and networks such as `10.0.0.0/8`, separated by commas.
 * @returns null if the text is neither.
 */
export function parseTrustedProxies(text: string): TrustedProxies | null {
  if (/^\d{1,2}$/.test(text.trim())) return Number(text);
  const trusted = new BlockList();
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.filter(Boolean).every((entry) => addTo(trusted, entry)) ? trusted : null;
}

function addTo(trusted: BlockList, entry: string): boolean {
  const [, address = '', prefix] = /^([^/]+?)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  const bits = prefix === undefined ? undefined : Number(prefix);
  if (bits !== undefined && bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (bits === undefined) trusted.addAddress(address, type);
  else trusted.addSubnet(address, bits, type);
  return true;
}
