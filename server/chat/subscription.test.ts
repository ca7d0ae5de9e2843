import { describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { append, typed, upTo } from '../../db/testing/material.ts';
import { type ChatScene, openChat } from '../../testing/chatScene.ts';
import { settled } from '../../testing/settled.ts';

const sayMany = (scene: ChatScene, count: number) =>
  Promise.all(upTo(count).map((i) => scene.say(scene.ada, `text ${i}`)));

async function eventsAfter(scene: ChatScene, cursor: string | undefined) {
  const visit = await scene.visit(scene.ben, cursor);
  void visit.read();
  await settled();
  await visit.leave();
  return visit;
}

describe('a subscription', () => {
  test('without a cursor starts now, and its first event has a cursor', async () => {
    await using scene = await openChat();
    await sayMany(scene, 3);
    const visit = await scene.visit(scene.ben);
    void visit.read();
    await settled();
    expect(visit.deliveries[0]).toEqual({
      cursor: 3,
      event: { type: 'presence', change: 'all', users: [], total: 0 },
    });
    const message = await scene.say(scene.ada, 'now');
    await settled();
    expect(visit.deliveries.at(-1)).toEqual({ cursor: 4, event: { type: 'message', rev: 4, message } });
    expect(visit.revs).toEqual([4]);
    await visit.leave();
  });

  test.each([
    ['0', upTo(5)],
    ['3', [4, 5]],
    ['5', []],
    ['005', []],
  ])('with cursor %j replays the revs %j', async (cursor, revs) => {
    await using scene = await openChat();
    await sayMany(scene, 5);
    const visit = await eventsAfter(scene, cursor);
    expect(visit.revs).toEqual(revs);
    expect(visit.events.map(({ type }) => type)).not.toContain('reset');
    expect(visit.cursor).toBe('5');
  });

  test.each(['6', '', ' ', '-1', '1.5', '1e0', 'NaN', '9'.repeat(16), '9'.repeat(400), 'x', '0x1'])(
    'with the impossible cursor %j gets one reset with the current rev, and goes on from there',
    async (cursor) => {
      await using scene = await openChat();
      await sayMany(scene, 5);
      const visit = await scene.visit(scene.ben, cursor);
      void visit.read();
      await settled();
      await scene.say(scene.ada, 'after the reset');
      await settled();
      expect(visit.deliveries[0]).toEqual({ cursor: 5, event: { type: 'reset', rev: 5 } });
      expect(visit.events.filter(({ type }) => type === 'reset')).toHaveLength(1);
      expect(visit.revs).toEqual([6]);
      await visit.leave();
    },
  );

  test('replays as many changes as the limit allows, and gets a reset for one more', async () => {
    await using scene = await openChat();
    const total = LIMITS.replayChanges + 1;
    for (let sent = 0; sent < total; sent += 250) {
      const count = Math.min(250, total - sent);
      await append(
        scene.store,
        upTo(count).map(() => typed(scene.roomId, scene.ada)),
      );
    }
    expect((await eventsAfter(scene, '1')).revs).toEqual(upTo(total).slice(1));
    const late = await eventsAfter(scene, '0');
    expect(late.events[0]).toEqual({ type: 'reset', rev: total });
    expect(late.revs).toEqual([]);
  });

  test('that is ahead of its feed gets nothing twice when the feed catches up', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using scene = await openChat();
    const behind = await scene.visit(scene.ada);
    void behind.read();
    await append(
      scene.store,
      upTo(3).map(() => typed(scene.roomId, scene.ada)),
    );
    const ahead = await scene.visit(scene.ben, '3');
    void ahead.read();
    await settled();
    expect(behind.revs).toEqual([]);

    vi.advanceTimersByTime(2_000);
    await settled();
    expect(behind.revs).toEqual([1, 2, 3]);
    expect(ahead.revs).toEqual([]);
    expect(ahead.cursor).toBe('3');
    vi.useRealTimers();
    await Promise.all([behind.leave(), ahead.leave()]);
  });

  test('whose reader is far behind gets the rest from the store, without a gap', async () => {
    await using scene = await openChat();
    const visit = await scene.visit(scene.ben);
    await visit.subscription.next();
    const total = 1_750;
    for (let sent = 0; sent < total; sent += 250) {
      await Promise.all(upTo(250).map((i) => scene.say(scene.ada, `text ${sent + i}`)));
      await settled();
    }
    // More messages than the subscription keeps for a reader, and fewer than cause a reset.
    void visit.read();
    await vi.waitFor(() => expect(visit.cursor).toBe(String(total)));
    expect(visit.revs).toEqual(upTo(total));
    await visit.leave();
  });

  test('gets messages that are committed during its replay once', async () => {
    const reading = Promise.withResolvers<void>();
    await using scene = await openChat((store) => ({
      changesAfter: async (...args) => {
        const changes = await store.changesAfter(...args);
        await reading.promise;
        return changes;
      },
    }));
    await sayMany(scene, 3);
    const visit = await scene.visit(scene.ben, '1');
    void visit.read();
    await settled();
    await sayMany(scene, 2);
    expect(visit.revs).toEqual([]);
    reading.resolve();
    await settled();
    expect(visit.revs).toEqual([2, 3, 4, 5]);
    await visit.leave();
  });
});
