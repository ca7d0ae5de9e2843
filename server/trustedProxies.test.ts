import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { parseTrustedProxies } from './trustedProxies.ts';

test.each([
  ['0', 0],
  ['1', 1],
  [' 2 ', 2],
])('%j is a number of hops', (text, hops) => {
  expect(parseTrustedProxies(text)).toBe(hops);
});

test.each([
  ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.2', '::1']],
  ['10.0.0.0/8, ::1', ['10.1.2.3', '::1'], ['11.0.0.1', '::2']],
  ['2001:db8::/32,', ['2001:db8:1::5'], ['2001:db9::1']],
  ['0.0.0.0/0', ['192.0.2.1'], ['2001:db8::1']],
])('%j trusts %j and not %j', (text, inside, outside) => {
  const trusted = parseTrustedProxies(text) as BlockList;
  expect(trusted).toBeInstanceOf(BlockList);
  const isTrusted = (address: string) => trusted.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  expect(inside.filter(isTrusted)).toEqual(inside);
  expect(outside.filter(isTrusted)).toEqual([]);
});

test.each([
  '-1',
  '1.5',
  '100',
  'proxy',
  '10.0.0',
  '10.0.0.0/33',
  '::1/129',
  '10.0.0.1/',
  'fe80::1%eth0',
  '10.0.0.1;::1',
  '*',
])('%j is refused', (text) => {
  expect(parseTrustedProxies(text)).toBeNull();
});
