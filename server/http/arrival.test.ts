import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { parseTrustedProxies, type TrustedProxies } from '../trustedProxies.ts';
import { createReadArrival } from './arrival.ts';

const request = (remoteAddress: string, headers: Record<string, string>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

const read = (trusted: string, remoteAddress: string, headers: Record<string, string>, publicUrl?: string) =>
  createReadArrival(
    parseTrustedProxies(trusted) as TrustedProxies,
    publicUrl,
  )(request(remoteAddress, headers));

describe('the address of a caller', () => {
  test.each([
    ['', '10.0.0.1', '192.0.2.1', '10.0.0.1'],
    ['0', '10.0.0.1', '192.0.2.1', '10.0.0.1'],
    ['10.0.0.0/8', '11.0.0.1', '192.0.2.1', '11.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.0/8', '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.0/8', '10.0.0.1', 'forged, 198.51.100.7, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.0/8', '10.0.0.1', '198.51.100.7, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['10.0.0.0/8', '10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.0/8', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.0/8', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['::1', '::1', '[2001:db8:1:2::3]:4711', '2001:db8:1:2::/64'],
    ['::1', '::1', '2001:db8:1:2::3', '2001:db8:1:2::/64'],
    ['1', '10.0.0.1', '198.51.100.7, 192.0.2.1', '192.0.2.1'],
    ['2', '10.0.0.1', '198.51.100.7, 192.0.2.1', '198.51.100.7'],
    ['3', '10.0.0.1', '198.51.100.7, 192.0.2.1', '198.51.100.7'],
    ['1', '10.0.0.1', '', '10.0.0.1'],
    ['3', '10.0.0.1', '', '10.0.0.1'],
  ])('with %j trusted, from %s, forwarded for %j: %s', (trusted, remote, forwardedFor, address) => {
    expect(read(trusted, remote, { 'x-forwarded-for': forwardedFor }).address).toBe(address);
  });
});

describe('scheme and host', () => {
  const forwarded = {
    host: 'inside:3000',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'chat.example.org',
  };

  test('come from a trusted proxy', () => {
    expect(read('10.0.0.1', '10.0.0.1', forwarded)).toMatchObject({ host: 'chat.example.org', secure: true });
    expect(read('1', '10.0.0.1', forwarded)).toMatchObject({ host: 'chat.example.org', secure: true });
  });

  test.each(['', '0', '10.0.0.2'])('do not come from others (trusted: %j)', (trusted) => {
    expect(read(trusted, '10.0.0.1', forwarded)).toMatchObject({ host: 'inside:3000', secure: false });
  });

  test.each([
    ['https', true],
    ['HTTPS', true],
    ['http', false],
    ['', false],
    ['https, http', false],
    ['http, https', true],
  ])('the scheme %j of one proxy is secure: %s', (proto, secure) => {
    expect(read('1', '10.0.0.1', { 'x-forwarded-proto': proto }).secure).toBe(secure);
  });

  test('the outermost of two proxies decides, and an entry before it is its caller’s', () => {
    expect(
      read('2', '10.0.0.1', { 'x-forwarded-for': 'a, b', 'x-forwarded-proto': 'https, http' }).secure,
    ).toBe(true);
    expect(
      read('2', '10.0.0.1', { 'x-forwarded-for': 'a, b', 'x-forwarded-proto': 'https, http, http' }).secure,
    ).toBe(false);
  });

  test('of two proxies may stand in one entry, because some proxies replace what was there', () => {
    const headers = { 'x-forwarded-for': '192.0.2.1, 10.0.0.2', 'x-forwarded-proto': 'https' };
    expect(read('2', '10.0.0.1', headers).secure).toBe(true);
  });

  test.each(['http', 'https', 'ftp', ''])('PUBLIC_URL decides, whatever proxies say (%j)', (proto) => {
    const headers = { 'x-forwarded-proto': proto };
    expect(read('1', '10.0.0.1', headers, 'https://chat.example.org').secure).toBe(true);
    expect(read('1', '10.0.0.1', headers, 'http://chat.lan').secure).toBe(false);
  });
});
