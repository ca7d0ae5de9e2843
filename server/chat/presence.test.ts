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

const told = (events: RoomEvent[]) =>
  events.flatMap((event) =>
    event.type === 'presence' ? [`${event.change} ${event.users.map(({ name }) => name).join('+')}`] : [],
  );

const FAKED = {
  toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance'] as const,
};
beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED.toFake] }));
afterEach(() => void vi.useRealTimers());

/** The presence of a room without anybody else. */
function alone() {
  const tell = vi.fn<PresenceParts['tell']>();
  return { tell, presence: new Presence({ announce: () => {}, tell }) };
}

const wait = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
};

describe('presence', () => {
  const reading = async (visiting: Promise<Visit>) => {
    const visit = await visiting;
    void visit.read();
    return visit;
  };

  test('of two windows of one person is one', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    await wait(200);
    const [first, second] = [await scene.visit(scene.ben), await reading(scene.visit(scene.ben))];
    await wait(200);
    expect(told(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
    await first.leave();
    await wait(10_000);
    expect(told(watcher.events)).toHaveLength(3);
    await second.leave();
    await wait(10_000);
    expect(told(watcher.events).slice(3)).toEqual(['left Ben']);
    await watcher.leave();
  });

  test('tells a crowd that comes together in one piece, and everybody who comes then whom they find', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    await wait(200);
    const people = await Promise.all(upTo(20).map((i) => addPerson(scene.store, `p${i}`)));
    for (const person of people) await scene.store.addMember(scene.roomId, person.id, new Date());
    await Promise.all(people.map((person) => scene.visit(person)));
    await wait(200);
    const names = people.map(({ name }) => name);
    expect(told(watcher.events).slice(2)).toEqual([`came ${names.join('+')}`]);
    const late = await reading(scene.visit(scene.ben));
    await wait(0);
    expect(told(late.events)).toEqual([`all ${['Ada', ...names].join('+')}`]);
  });

  test('of a crowd names the first few hundred, counts all, and names others when there is room', async () => {
    const { tell, presence } = alone();
    const people = upTo(LIMITS.presenceNames + 50).map((i) => ({ id: `p${i}`, name: `p${i}` }));
    for (const person of people) presence.arrive(person);
    await wait(200);
    expect(tell).toHaveBeenLastCalledWith('came', people.slice(0, LIMITS.presenceNames), people.length);
    expect([presence.everybody.length, presence.total]).toEqual([LIMITS.presenceNames, people.length]);

    presence.depart(people.at(-1) as UserRef);
    await wait(200);
    expect(tell).toHaveBeenLastCalledWith('came', [], people.length - 1);
    presence.depart(people[0] as UserRef);
    await wait(10_000);
    expect(tell).toHaveBeenCalledWith('left', [people[0]], people.length - 2);
    expect(tell).toHaveBeenLastCalledWith('came', [people[LIMITS.presenceNames]], people.length - 2);
  });

  test('of somebody who is back in a moment is not interrupted, also for who comes meanwhile', async () => {
    await using scene = await openChat();
    const watcher = await reading(scene.visit(scene.ada));
    const window = await scene.visit(scene.ben);
    await wait(200);
    await window.leave();
    await wait(2_000);
    const late = await reading(scene.visit(scene.ada));
    await wait(200);
    await scene.visit(scene.ben);
    await wait(10_000);
    expect(told(watcher.events)).toEqual(['all ', 'came Ada+Ben']);
    expect(told(late.events)).toEqual(['all Ada+Ben']);
  });
});

describe('presence over several processes', () => {
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
      const feeds = createFeeds({ store, bus: own, watch: never, turns: new Turns(), log });
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
  test('is one: who comes to either is seen in both, and who is in both leaves but once', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    await wait(200);
    const visits = [await there.visit(ben), await here.visit(ben)];
    await wait(400);
    expect(told(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
    const late = await there.visit(ada);
    await settled();
    expect(told(late.events)).toEqual(['all Ada+Ben']);
    await visits[0]?.leave();
    await wait(10_000);
    expect(told(watcher.events)).toHaveLength(3);
    await visits[1]?.leave();
    await wait(10_000);
    expect(told(watcher.events).at(-1)).toBe('left Ben');
    await scene[Symbol.asyncDispose]();
  });

  test('loses the people of a process that is killed within 15 s, and keeps all others for as long as they stay', async () => {
    const { scene, ada, ben, here, there } = await open();
    const watcher = await here.visit(ada);
    await wait(200);
    await there.visit(ben);
    await wait(120_000);
    expect(told(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben']);
    there.kill();
    await wait(15_000);
    expect(told(watcher.events).slice(3)).toEqual(['left Ben']);
    await scene[Symbol.asyncDispose]();
  });

  test('loses the people of a process that stops, unless they come to another one in a moment', async () => {
    const { scene, ada, ben, cleo, here, there } = await open();
    const watcher = await here.visit(ada);
    await wait(200);
    await there.visit(ben);
    await there.visit(cleo);
    await wait(400);
    there.stop();
    await wait(1_000);
    await here.visit(cleo);
    await wait(3_000);
    expect(told(watcher.events)).toEqual(['all ', 'came Ada', 'came Ben+Cleo', 'left Ben']);
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
    await wait(200);
    await scene.rooms.leave(scene.ben, scene.roomId);
    for (const end of ends) expect(await end).toMatchObject(notMember);
    await scene.say(scene.ada, 'between us');
    await wait(200);
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
      'memberCount' in event ? [[event.change, event.memberCount]] : [],
    );
    expect(changes).toEqual([
      ['left', 1],
      ['joined', 2],
    ]);
    await watcher.leave();
  });
});
