import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import type { RoomEvent, User, UserRef } from '../../contract/types.ts';
import { addPerson, upTo } from '../../db/testing/material.ts';
import { openChat } from '../../testing/chatScene.ts';
import { settled } from '../../testing/settled.ts';
import { Visit } from '../../testing/visit.ts';
import type { BusEvent } from '../bus/bus.ts';
import { Turns } from '../flow/turns.ts';
import { createFeeds } from './feeds.ts';
import { Presence, type PresenceParts } from './presence.ts';

/** The presence events, each as its change and the names in it. */
const presenceIn = (events: RoomEvent[]) =>
  events.flatMap((event) =>
    event.type === 'presence' ? [`${event.change} ${event.users.map(({ name }) => name).join('+')}`] : [],
  );

const FAKED = {
  toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'] as const,
};
beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED.toFake] }));
afterEach(() => void vi.useRealTimers());

/** The presence of a room in a single process. */
function openPresence() {
  const emit = vi.fn<PresenceParts['emit']>();
  return { emit, presence: new Presence({ announce: () => {}, emit }) };
}

const passTime = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
};

describe('presence', () => {
  const reading = async (visiting: Promise<Visit>) => {
    const visit = await visiting;
    void visit.read();
    return visit;
  };

  test('counts two windows of one user once', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    await passTime(200);
    const [first, second] = [await scene.visit(scene.ben), await reading(scene.visit(scene.ben))];
    await passTime(200);
    expect(presenceIn(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
    await first.leave();
    await passTime(10_000);
    expect(presenceIn(watcher.events)).toHaveLength(3);
    await second.leave();
    await passTime(10_000);
    expect(presenceIn(watcher.events).slice(3)).toEqual(['left Ben']);
    await watcher.leave();
  });

  test('shows a crowd that comes together in one event, and shows all present users to a newcomer', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    await passTime(200);
    const people = await Promise.all(upTo(20).map((i) => addPerson(scene.store, `p${i}`)));
    for (const person of people) await scene.store.addMember(scene.roomId, person.id, new Date());
    await Promise.all(people.map((person) => scene.visit(person)));
    await passTime(200);
    const names = people.map(({ name }) => name);
    expect(presenceIn(watcher.events).slice(2)).toEqual([`came ${names.join('+')}`]);
    const late = await reading(scene.visit(scene.ben));
    await passTime(0);
    expect(presenceIn(late.events)).toEqual([`all ${['Ada', ...names].join('+')}`]);
  });

  test('names the first users of a crowd, counts all of them, and names more when there is room', async () => {
    const { emit, presence } = openPresence();
    const people = upTo(LIMITS.presenceNames + 50).map((i) => ({ id: `p${i}`, name: `p${i}` }));
    for (const person of people) presence.arrive(person);
    await passTime(200);
    expect(emit).toHaveBeenLastCalledWith('came', people.slice(0, LIMITS.presenceNames), people.length);
    expect([presence.shown.length, presence.total]).toEqual([LIMITS.presenceNames, people.length]);

    presence.depart(people.at(-1) as UserRef);
    await passTime(200);
    expect(emit).toHaveBeenLastCalledWith('came', [], people.length - 1);
    presence.depart(people[0] as UserRef);
    await passTime(10_000);
    expect(emit).toHaveBeenCalledWith('left', [people[0]], people.length - 2);
    expect(emit).toHaveBeenLastCalledWith('came', [people[LIMITS.presenceNames]], people.length - 2);
  });

  test('does not change when a user is back within the grace; a newcomer meanwhile sees the user as here', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    const window = await scene.visit(scene.ben);
    await passTime(200);
    await window.leave();
    await passTime(2_000);
    const late = await reading(scene.visit(scene.ada));
    await passTime(200);
    await scene.visit(scene.ben);
    await passTime(10_000);
    expect(presenceIn(watcher.events)).toEqual(['all ', 'came Ada+Ben']);
    expect(presenceIn(late.events)).toEqual(['all Ada+Ben']);
  });
});

describe('presence over several processes', () => {
  const never = () => () => {};

  /** A process is its own set of feeds on the common bus; once killed, nothing that it publishes arrives. */
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
      const feeds = createFeeds({
        process: randomUUID(),
        store,
        bus: own,
        watch: never,
        turns: new Turns(),
        log,
      });
      const visit = async (user: User) => {
        const visit = new Visit(await feeds.subscribe({ user, roomId }));
        void visit.read();
        return visit;
      };
      const kill = () => {
        isLost = true;
      };
      return { visit, kill, stop: () => feeds.close() };
    };
    const cleo = await addPerson(store, 'Cleo');
    return { scene, ada, ben, cleo, here: startProcess(), there: startProcess() };
  }
  test('is the same in all: a user of either process is shown in both, and leaves once, after the last window', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    await passTime(200);
    const visits = [await there.visit(ben), await here.visit(ben)];
    await passTime(400);
    expect(presenceIn(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
    const late = await there.visit(ada);
    await settled();
    expect(presenceIn(late.events)).toEqual(['all Ada+Ben']);
    await visits[0]?.leave();
    await passTime(10_000);
    expect(presenceIn(watcher.events)).toHaveLength(3);
    await visits[1]?.leave();
    await passTime(10_000);
    expect(presenceIn(watcher.events).at(-1)).toBe('left Ben');
    await scene[Symbol.asyncDispose]();
  });

  test.each([0, 1_900, 3_900, 4_100, 5_700])(
    'drops the users of a process killed at any moment (%d ms) within 15 s, and keeps all others',
    async (moment) => {
      const { scene, ada, ben, here, there } = await open();
      const watcher = await here.visit(ada);
      await passTime(200);
      await there.visit(ben);
      await passTime(120_000 + moment);
      expect(presenceIn(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
      there.kill();
      await passTime(15_000);
      expect(presenceIn(watcher.events).slice(3)).toEqual(['left Ben']);
      await scene[Symbol.asyncDispose]();
    },
  );

  test('drops the users of a process that stops, except those who come to another process within the grace', async () => {
    const { scene, ada, ben, cleo, here, there } = await open();
    const watcher = await here.visit(ada);
    await passTime(200);
    await there.visit(ben);
    await there.visit(cleo);
    await passTime(400);
    there.stop();
    await passTime(1_000);
    await here.visit(cleo);
    await passTime(3_000);
    expect(presenceIn(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben+Cleo', 'left Ben']);
    await scene[Symbol.asyncDispose]();
  });
});

describe('leaving a room', () => {
  const outcome = (reading: Promise<void>) =>
    reading.then(
      () => 'ended',
      (error: unknown) => error,
    );
  const notMember = { code: 'FORBIDDEN', reason: 'not_member' };

  test('ends every subscription of that user with an error, and nobody else’s', async () => {
    await using scene = await openChat();
    const stays = await scene.visit(scene.ada);
    void stays.read();
    const leavers = [await scene.visit(scene.ben), await scene.visit(scene.ben, '0')];
    const ends = leavers.map((visit) => outcome(visit.read()));
    await passTime(200);
    await scene.rooms.leave(scene.ben, scene.roomId);
    for (const end of ends) expect(await end).toMatchObject(notMember);
    await scene.say(scene.ada, 'between us');
    await passTime(200);
    expect(leavers.flatMap((visit) => visit.revs)).toEqual([]);
    expect(stays.revs).toEqual([1]);
    const { id, name } = scene.ben;
    expect(stays.events).toContainEqual({ type: 'room', change: 'left', user: { id, name }, memberCount: 1 });
    expect(presenceIn(stays.events).at(-1)).toBe('left Ben');
    await stays.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('while a subscription is being opened refuses that subscription', async () => {
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

  test('and joining are each published once, however often they are called', async () => {
    await using scene = await openChat();
    const watcher = await scene.visit(scene.ada);
    void watcher.read();
    const { ben } = scene;
    for (const _ of [1, 2]) await scene.rooms.leave(ben, scene.roomId);
    for (const _ of [1, 2]) await scene.rooms.join(ben, scene.roomId);
    await settled();
    const changes = watcher.events.flatMap((event) =>
      'memberCount' in event ? [[event.change, event.memberCount]] : [],
    );
    expect(changes).toEqual([
      ['left', 1],
      ['joined', 2],
    ]);
    await watcher.leave();
  });
});
