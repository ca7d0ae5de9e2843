import { describe, expect, test, vi } from 'vitest';
import { httpClient, refusal } from '../../testing/clients.ts';
import { openServer } from '../../testing/liveServer.ts';
import { startMariadb } from '../../testing/mysqlServers.ts';
import { startRedis } from '../../testing/redisServer.ts';
import { startServerProcess } from '../../testing/serverProcess.ts';
import { createHealth } from './health.ts';

const ready = async (url: string) => {
  const answer = await fetch(`${url}/readyz`);
  return [answer.status, ((await answer.json()) as { status: string }).status];
};

describe('readiness', () => {
  test('needs no session', async () => {
    await using server = await openServer();
    const answer = await fetch(`${server.url}/readyz`);
    const state = { status: 'ready', database: 'ok', bus: 'ok', draining: false };
    expect([answer.status, await answer.json()]).toEqual([200, state]);
  });

  test('ends when the server begins to drain', async () => {
    const health = createHealth({ ping: async () => {} }, { isConnected: () => true });
    health.drain();
    expect(await health.readiness()).toMatchObject({ status: 'unready', draining: true });
  });

  test('of a database that hangs is answered after a timeout, and only one ping is sent', async () => {
    const ping = vi.fn(() => new Promise<void>(() => {}));
    const health = createHealth({ ping }, { isConnected: () => true });
    const answers = await Promise.all([health.readiness(), health.readiness()]);
    expect(answers.map(({ database }) => database)).toEqual(['away', 'away']);
    expect(ping).toHaveBeenCalledTimes(1);
  });

  test('writes once for many probes, and asks again at once after a failure', async () => {
    const ping = vi.fn(async () => {});
    const health = createHealth({ ping }, { isConnected: () => true });
    ping.mockRejectedValueOnce(new Error('read-only'));
    expect(await health.readiness()).toMatchObject({ status: 'unready', database: 'away' });
    for (let i = 0; i < 3; i += 1) expect(await health.readiness()).toMatchObject({ status: 'ready' });
    expect(ping).toHaveBeenCalledTimes(2);
  });

  test('is degraded while the bus is away', async () => {
    const health = createHealth({ ping: async () => {} }, { isConnected: () => false });
    expect(await health.readiness()).toMatchObject({ status: 'degraded', bus: 'away' });
  });
});

test('a server starts while database and bus are away, refuses calls for now, and serves when they are back', async () => {
  await using database = await startMariadb();
  await using bus = await startRedis();
  const url = await database.database();
  await Promise.all([database.kill(), bus.kill()]);
  const server = await startServerProcess({
    ...{ DATABASE_URL: url, REDIS_URL: bus.url, SPEECH_ENGINE: 'off', LOG_LEVEL: 'silent' },
  });
  expect(server.printed()).toMatch(/^Database {4}waiting for the database to answer$/m);
  expect(await ready(server.url)).toEqual([503, 'unready']);
  const trpc = httpClient(server.url);
  expect(await refusal(trpc.session.guest.mutate({ name: 'Ada' }))).toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    reason: 'store_unavailable',
    retryable: true,
  });
  await database.start();
  await vi.waitFor(async () => expect(await ready(server.url)).toEqual([200, 'degraded']), {
    timeout: 20_000,
  });
  await bus.start();
  await vi.waitFor(async () => expect(await ready(server.url)).toEqual([200, 'ready']), { timeout: 20_000 });
  expect((await trpc.session.guest.mutate({ name: 'Ada' })).user.name).toBe('Ada');
  expect(await server.stop()).toBe(0);
}, 60_000);

test('a server ends at once if the database refuses its user, and does not print the password', async () => {
  await using database = await startMariadb();
  const url = new URL(await database.database());
  url.username = 'nobody';
  url.password = 'secret';
  const started = startServerProcess({ DATABASE_URL: url.href, SPEECH_ENGINE: 'off' });
  const failure = await started.catch((error: Error) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(String(failure)).not.toContain('secret');
});
