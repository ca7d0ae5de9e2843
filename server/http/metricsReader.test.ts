import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { openServer } from '../../testing/liveServer.ts';
import { isMetricsReader } from './metricsReader.ts';

const TOKEN = 'a token for metrics'.replaceAll(' ', '-');
const reads = (remoteAddress: string, headers: Record<string, string> = {}, token?: string) =>
  isMetricsReader({ socket: { remoteAddress }, headers } as unknown as IncomingMessage, token);

test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s reads the metrics', (address) => {
  expect(reads(address)).toBe(true);
  expect(reads(address, {}, TOKEN)).toBe(true);
});

test.each(['192.0.2.1', '::2', '::ffff:192.0.2.1', ''])('%s needs the token', (address) => {
  expect(reads(address)).toBe(false);
  expect(reads(address, { authorization: 'Bearer ' }, TOKEN)).toBe(false);
  expect(reads(address, { authorization: `Bearer ${TOKEN}x` }, TOKEN)).toBe(false);
  expect(reads(address, { authorization: 'Bearer undefined' })).toBe(false);
  expect(reads(address, { authorization: `bearer ${TOKEN}` }, TOKEN)).toBe(true);
});

test.each(['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'])(
  'a proxy on this machine needs the token: %s',
  (name) => {
    expect(reads('127.0.0.1', { [name]: '' }, TOKEN)).toBe(false);
    expect(reads('127.0.0.1', { [name]: 'x', authorization: `Bearer ${TOKEN}` }, TOKEN)).toBe(true);
  },
);

test('a refused reader is told what to set', async () => {
  await using server = await openServer();
  const answer = await fetch(`${server.url}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({
    reason: 'no_metrics_token',
    detail: expect.stringContaining('METRICS_TOKEN'),
  });
});

test('a proxy with the token reads the metrics of a whole server', async () => {
  await using server = await openServer({ metricsToken: TOKEN });
  const headers = { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${server.url}/metrics`, { headers });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('nodejs_eventloop_lag_seconds');
});
