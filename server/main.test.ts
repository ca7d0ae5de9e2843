import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { enter } from '../bench/person.ts';
import { startServerProcess, temporaryDatabase } from '../testing/serverProcess.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

let database: ReturnType<typeof temporaryDatabase>;

beforeEach(() => {
  database = temporaryDatabase();
});
afterEach(() => database.remove());

const start = (env: NodeJS.ProcessEnv = {}) =>
  startServerProcess({ DATABASE_URL: database.url, SPEECH_ENGINE: 'off', ...env });

test('prints its address, database, bus and speech engine in four lines', async () => {
  const server = await start();
  const lines = server.printed().trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^Roomscribe {2}http:\/\/localhost:\d+$/),
    expect.stringMatching(/^Database {4}SQLite \(.+rooms\.sqlite\)$/),
    expect.stringMatching(/^Bus {9}in memory/),
    expect.stringMatching(/^Speech {6}Speech is switched off/),
  ]);
  expect(await server.stop()).toBe(0);
});

test('reports all bad variables together, one a line, and exits with 1', async () => {
  const { code, stderr } = await runToEnd({
    PORT: 'many',
    DATABASE_URL: 'oracle://x',
    SPEECH_ENGINE: 'ears',
    SPEECH_GATE: 'ajar',
    NODE_ENV: 'production',
  });
  expect(code).toBe(1);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['PORT', 'DATABASE_URL', 'SPEECH_ENGINE', 'SPEECH_GATE', 'AUTH_SECRET']);
});

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((it) => it?.address === '::1');

test.skipIf(!hasIpv6).each(['::1', '[::1]'])('prints the address of HOST=%s in brackets', async (HOST) => {
  const server = await start({ HOST });
  expect(server.printed()).toMatch(/^Roomscribe {2}http:\/\/\[::1\]:\d+$/m);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await server.stop();
});

test('refuses to start in production without AUTH_SECRET', async () => {
  const { code, stderr } = await runToEnd({ NODE_ENV: 'production' });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^AUTH_SECRET is required in production/),
  });
});

test('refuses to lift the rate limits in production', async () => {
  const env = {
    NODE_ENV: 'production',
    AUTH_SECRET: 'a secret of 32 characters, at least',
    RATE_LIMITS: 'off',
  };
  const { code, stderr } = await runToEnd(env);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^RATE_LIMITS cannot be off/) });
});

test('reports in one line that its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const port = String((other.address() as AddressInfo).port);
  const { code, stderr } = await runToEnd({ PORT: port, DATABASE_URL: database.url, SPEECH_ENGINE: 'off' });
  other.close();
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining('EADDRINUSE')]);
});

test('keeps acked messages when it is killed, and goes on with the next seq and rev', async () => {
  const first = await start();
  const ann = await enter(first.url, 'Ann');
  const room = await ann.trpc.rooms.create.mutate({ name: 'Hall' });
  const send = (person: typeof ann, clientId: string, text: string) =>
    person.trpc.messages.send.mutate({ roomId: room.id, clientId, text });
  const clientId = crypto.randomUUID();
  const acked = await send(ann, clientId, 'kept');
  await first.stop('SIGKILL');

  const second = await start({ PORT: String(first.port) });
  const repeated = await send(ann, clientId, 'kept');
  const next = await send(ann, crypto.randomUUID(), 'after');
  expect(repeated).toEqual(acked);
  expect([next.seq, next.rev]).toEqual([2, 2]);
  await ann.leave();
  await second.stop();
});

test('on SIGTERM closes its sockets with a code that makes clients come back, and exits with 0', async () => {
  const server = await start();
  const ann = await enter(server.url, 'Ann');
  const room = await ann.trpc.rooms.create.mutate({ name: 'Hall' });
  const subscribed = Promise.withResolvers<void>();
  ann.trpc.messages.live.subscribe({ roomId: room.id }, { onData: () => subscribed.resolve() });
  await subscribed.promise;
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/trpc`);
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));

  expect(await server.stop()).toBe(0);
  expect(await closed).toBe(1_012);
  await ann.leave();
});

async function runToEnd(env: NodeJS.ProcessEnv): Promise<{ code: number; stderr: string }> {
  const options = { env: { PATH: process.env.PATH, ...env } };
  return promisify(execFile)(process.execPath, [MAIN], options).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (failed: { code: number; stderr: string }) => failed,
  );
}
