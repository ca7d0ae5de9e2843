import { isIPv6 } from 'node:net';

/**
 * The name under which the callers of an address share their work. A host with IPv6 owns a /64 and can take a new address
 * for each call, so the first 64 bits count. An IPv4 address counts whole, also when a socket for both writes it as IPv6.
 * @param address undefined for a socket that is closed already.
 */
export function networkOf(address: string | undefined): string {
  if (!address) return 'unknown';
  const [, ipv4] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (ipv4) return ipv4;
  return isIPv6(address) ? `${first64Bits(address)}::/64` : address;
}

function first64Bits(address: string): string {
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
