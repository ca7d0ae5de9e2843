import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { startRedis } from '../../testing/redisServer.ts';
import type { BusEvent } from './bus.ts';
import { createRedisBus } from './redis.ts';
import { describeBus } from './testing/busContract.ts';

let redis: Awaited<ReturnType<typeof startRedis>>;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const event: BusEvent = { type: 'message', message: { rev: 1 } as Message };

describeBus('The bus over Redis', async () => {
  const log = createNotedLog();
  return [createRedisBus(redis.url, log), createRedisBus(redis.url, log)];
});

describe('a Redis that goes away', () => {
  const open = async () => {
    const log = createNotedLog();
    const buses = [createRedisBus(redis.url, log), createRedisBus(redis.url, log)] as const;
    const heard: BusEvent[] = [];
    const [here, there] = buses;
    there.subscribe('room', (heardEvent) => heard.push(heardEvent));
    const reaches = () =>
      vi.waitFor(
        () => {
          here.publish('room', event);
          expect(heard).not.toEqual([]);
        },
        { timeout: 20_000 },
      );
    return { log, here, there, heard, reaches, close: () => Promise.all(buses.map((bus) => bus.close())) };
  };

  test('leaves each process to itself, says so once, and is joined again when it is back', async () => {
    const scene = await open();
    await scene.reaches();
    await redis.kill();
    await vi.waitFor(() => expect(scene.here.isConnected() || scene.there.isConnected()).toBe(false));
    const own: BusEvent[] = [];
    scene.here.subscribe('room', (heard) => own.push(heard));
    scene.here.publish('room', event);
    expect(own).toEqual([event]);
    await redis.start();
    scene.heard.length = 0;
    await scene.reaches();
    expect(scene.here.isConnected()).toBe(true);
    const said = scene.log.notes.map(({ message }) => message);
    expect(said.filter((message) => message.startsWith('the bus is away')).length).toBeLessThanOrEqual(4);
    await scene.close();
  });

  test('before it was ever there is waited for by nobody', async () => {
    await redis.kill();
    const scene = await open();
    scene.here.publish('room', event);
    expect(scene.here.isConnected()).toBe(false);
    await redis.start();
    await scene.reaches();
    await scene.close();
  });

  test('by freezing is noticed, and joined again when it thaws', async () => {
    const scene = await open();
    await scene.reaches();
    redis.signal('SIGSTOP');
    await vi.waitFor(() => expect(scene.here.isConnected()).toBe(false), { timeout: 20_000 });
    redis.signal('SIGCONT');
    scene.heard.length = 0;
    await scene.reaches();
    await scene.close();
  }, 60_000);
});

test('what others publish on our channels is let by', async () => {
  const bus = createRedisBus(redis.url, createNotedLog());
  const heard: BusEvent[] = [];
  bus.subscribe('room', (heardEvent) => heard.push(heardEvent));
  const stranger = createClient({ url: redis.url });
  await stranger.connect();
  await vi.waitFor(async () => {
    for (const text of ['', 'words', '{}', 'null', '{"from":1,"event":{}}', '{"from":"x","event":null}']) {
      await stranger.sPublish('roomscribe:room', text);
    }
    await stranger.sPublish('roomscribe:room', JSON.stringify({ from: 'x', event }));
    expect(heard).not.toEqual([]);
  });
  expect(new Set(heard.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(event)]));
  stranger.destroy();
  await bus.close();
});
