import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { bearerOf } from './session.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a caller may read the metrics: with the token, or on this machine and not through a proxy. */
export function isMetricsReader({ headers, socket }: IncomingMessage, token: string | undefined): boolean {
  const bearer = bearerOf(headers);
  if (token && bearer) return isSame(bearer, token);
  const address = socket.remoteAddress ?? '';
  const isHere = loopback.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  return (
    isHere && !Object.keys(headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'))
  );
}

/** Takes the same time for every wrong token. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
