import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BusEvent } from '../bus/bus.ts';
import type { RoomEvent, User } from '../contract/types.ts';
import { openChat } from '../testing/chatScene.ts';
import { settled } from '../testing/settled.ts';
import { Visit } from '../testing/visit.ts';
import { createFeeds } from './feeds.ts';

const told = (events: RoomEvent[]) =>
  events.flatMap((event) =>
    event.type === 'presence' ? [`${event.change} ${event.users.map(({ name }) => name).join('+')}`] : [],
  );

describe('presence', () => {
  test('two windows of one person are one presence', async () => {
    await using scene = await openChat();
    const watcher = await scene.visit(scene.ada);
    void watcher.read();
    const [first, second] = [await scene.visit(scene.ben), await scene.visit(scene.ben)];
    void second.read();
    await settled();
    expect(told(watcher.events)).toEqual(['all Ada', 'came Ada', 'came Ben']);
    expect(told(second.events)).toEqual(['all Ada+Ben']);
    await first.leave();
    await settled();
    expect(told(watcher.events)).toHaveLength(3);
    await second.leave();
    await settled();
    expect(told(watcher.events).slice(3)).toEqual(['left Ben']);
    await watcher.leave();
  });
});

describe('presence over several processes', () => {
  const FAKED = {
    toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'] as const,
  };
  const never = () => () => {};

  /** A process is its own set of feeds on the common bus; while `isLost` nothing of what it publishes arrives. */
  async function open() {
    const scene = await openChat();
    const { store, bus, log, ada, ben, roomId } = scene;
    const startProcess = () => {
      let isLost = false;
      const own = {
        ...bus,
        publish: (room: string, event: BusEvent) => {
          if (!isLost) bus.publish(room, event);
        },
      };
      const feeds = createFeeds({ store, bus: own, watch: never, log });
      const visit = async (user: User) => {
        const visit = new Visit(await feeds.subscribe(user, roomId, undefined));
        void visit.read();
        return visit;
      };
      const kill = () => {
        isLost = true;
      };
      return { visit, kill, stop: () => feeds.close() };
    };
    return { scene, ada, ben, here: startProcess(), there: startProcess() };
  }
  const wait = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await settled();
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED.toFake] }));
  afterEach(() => void vi.useRealTimers());

  test('is one: who comes to either is seen in both, and who is in both leaves but once', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    const visits = [await there.visit(ben), await here.visit(ben)];
    await wait(100);
    expect(told(watcher.events)).toEqual(['all Ada', 'came Ada', 'came Ben']);
    const late = await there.visit(ada);
    await settled();
    expect(told(late.events)).toEqual(['all Ben+Ada']);
    await visits[0]?.leave();
    await wait(100);
    expect(told(watcher.events)).toHaveLength(3);
    await visits[1]?.leave();
    await wait(100);
    expect(told(watcher.events).at(-1)).toBe('left Ben');
    await scene[Symbol.asyncDispose]();
  });

  test('loses the people of a process that is killed within 15 s, and keeps all others for as long as they stay', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    await there.visit(ben);
    await wait(120_000);
    expect(told(watcher.events)).toEqual(['all Ada', 'came Ada', 'came Ben']);
    there.kill();
    await wait(15_000);
    expect(told(watcher.events).slice(3)).toEqual(['left Ben']);
    await scene[Symbol.asyncDispose]();
  });

  test('loses the people of a process that stops at once', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    await there.visit(ben);
    await wait(100);
    there.stop();
    await settled();
    expect(told(watcher.events).at(-1)).toBe('left Ben');
    await scene[Symbol.asyncDispose]();
  });
});

describe('leaving the room', () => {
  const outcome = (reading: Promise<void>) =>
    reading.then(
      () => 'ended',
      (error: unknown) => error,
    );
  const notMember = { code: 'FORBIDDEN', reason: 'not_member' };

  test('ends every subscription of that person with an error, and no other', async () => {
    await using scene = await openChat();
    const stays = await scene.visit(scene.ada);
    void stays.read();
    const leavers = [await scene.visit(scene.ben), await scene.visit(scene.ben, '0')];
    const ends = leavers.map((visit) => outcome(visit.read()));
    await settled();
    await scene.rooms.leave(scene.ben, scene.roomId);
    for (const end of ends) expect(await end).toMatchObject(notMember);
    await scene.say(scene.ada, 'between us');
    await settled();
    expect(leavers.flatMap((visit) => visit.revs)).toEqual([]);
    expect(stays.revs).toEqual([1]);
    const { id, name } = scene.ben;
    expect(stays.events).toContainEqual({ type: 'room', change: 'left', user: { id, name }, memberCount: 1 });
    expect(told(stays.events).at(-1)).toBe('left Ben');
    await stays.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('while the subscription is being made refuses it', async () => {
    let leaves: (() => Promise<void>) | undefined;
    await using scene = await openChat((store) => ({
      heads: async (ids) => {
        await leaves?.();
        return store.heads(ids);
      },
    }));
    leaves = () => scene.rooms.leave(scene.ben, scene.roomId);
    await expect(scene.visit(scene.ben)).rejects.toMatchObject(notMember);
    expect(scene.bus.listeners()).toBe(0);
  });

  test('and joining are told once, however often they are asked for', async () => {
    await using scene = await openChat();
    const watcher = await scene.visit(scene.ada);
    void watcher.read();
    const cleo: User = { id: scene.ben.id, name: 'Ben', kind: 'guest' };
    for (const _ of [1, 2]) await scene.rooms.leave(cleo, scene.roomId);
    for (const _ of [1, 2]) await scene.rooms.join(cleo, scene.roomId);
    await settled();
    const changes = watcher.events.flatMap((event) =>
      event.type === 'room' ? [[event.change, event.memberCount]] : [],
    );
    expect(changes).toEqual([
      ['left', 1],
      ['joined', 2],
    ]);
    await watcher.leave();
  });
});
