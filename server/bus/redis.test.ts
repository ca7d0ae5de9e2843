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

describe('when Redis', () => {
  const open = async () => {
    const log = createNotedLog();
    const buses = [createRedisBus(redis.url, log), createRedisBus(redis.url, log)] as const;
    const received: BusEvent[] = [];
    const [here, there] = buses;
    there.subscribe('room', (one) => received.push(one));
    /** Publishes here until an event arrives there. */
    const untilDelivered = () =>
      vi.waitFor(
        () => {
          here.publish('room', event);
          expect(received).not.toEqual([]);
        },
        { timeout: 20_000 },
      );
    const close = () => Promise.all(buses.map((bus) => bus.close()));
    return { log, here, there, received, untilDelivered, close };
  };

  test('is away, each process serves its own listeners and logs it once; all connect again when it is back', async () => {
    const scene = await open();
    await scene.untilDelivered();
    await redis.kill();
    await vi.waitFor(() => expect(scene.here.isConnected() || scene.there.isConnected()).toBe(false));
    const own: BusEvent[] = [];
    scene.here.subscribe('room', (one) => own.push(one));
    scene.here.publish('room', event);
    expect(own).toEqual([event]);
    await redis.start();
    scene.received.length = 0;
    await scene.untilDelivered();
    await vi.waitFor(() => expect(scene.here.isConnected()).toBe(true));
    const logged = scene.log.notes.map(({ message }) => message);
    expect(logged.filter((message) => message.startsWith('the bus carries no events')).length).toBe(2);
    await scene.close();
  });

  test('has never been there, publishing does not wait for it', async () => {
    await redis.kill();
    const scene = await open();
    scene.here.publish('room', event);
    expect(scene.here.isConnected()).toBe(false);
    await redis.start();
    await scene.untilDelivered();
    await scene.close();
  });

  test('freezes, the bus notices; it connects again when Redis thaws', async () => {
    const scene = await open();
    await scene.untilDelivered();
    redis.signal('SIGSTOP');
    await vi.waitFor(() => expect(scene.here.isConnected()).toBe(false), { timeout: 20_000 });
    redis.signal('SIGCONT');
    scene.received.length = 0;
    await scene.untilDelivered();
    await scene.close();
  }, 60_000);
});

test('a foreign publisher on our channels disturbs nothing', async () => {
  const bus = createRedisBus(redis.url, createNotedLog());
  const received: BusEvent[] = [];
  bus.subscribe('room', (one) => received.push(one));
  const stranger = createClient({ url: redis.url });
  await stranger.connect();
  await vi.waitFor(async () => {
    for (const text of ['', 'words', '{}', 'null', '{"from":1,"event":{}}', '{"from":"x","event":null}']) {
      await stranger.publish('roomscribe:room', text);
    }
    await stranger.publish('roomscribe:room', JSON.stringify({ from: 'x', event }));
    expect(received).not.toEqual([]);
  });
  expect(new Set(received.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(event)]));
  stranger.destroy();
  await bus.close();
});
