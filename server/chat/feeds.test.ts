import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { append, typed } from '../../db/testing/material.ts';
import { openChat } from '../../testing/chatScene.ts';
import { settled } from '../../testing/settled.ts';

const storeAway = () =>
  new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });

describe('a room without subscribers costs nothing', () => {
  test('the bus is detached when the last subscription ends, even one that nobody read', async () => {
    await using scene = await openChat();
    const visits = [
      await scene.visit(scene.ada),
      await scene.visit(scene.ben, '0'),
      await scene.visit(scene.ben),
    ];
    void visits[0]?.read();
    await settled();
    expect(scene.bus.listeners()).toBe(1);
    for (const visit of visits) {
      expect(scene.bus.listeners()).toBe(1);
      await visit.leave();
      await visit.leave();
    }
    expect(scene.bus.listeners()).toBe(0);
    expect((await scene.say(scene.ada, 'nobody is subscribed')).rev).toBe(1);
    const again = await scene.visit(scene.ada, '0');
    void again.read();
    await settled();
    expect(again.revs).toEqual([1]);
    await again.leave();
    expect(scene.bus.listeners()).toBe(0);
  });

  test('ending a subscription ends a call of `next` that waits', async () => {
    await using scene = await openChat();
    const visit = await scene.visit(scene.ada);
    for (const _ of ['presence of all', 'own arrival']) await visit.subscription.next();
    const waiting = visit.subscription.next();
    await visit.leave();
    expect((await waiting).done).toBe(true);
    expect(scene.bus.listeners()).toBe(0);
  });

  test('a subscription ends when its consumer calls `throw`', async () => {
    await using scene = await openChat();
    const { subscription } = await scene.visit(scene.ada);
    await expect(subscription.throw?.(new Error('enough'))).rejects.toThrow('enough');
    expect(scene.bus.listeners()).toBe(0);
  });

  test('a subscription to an unknown room leaves nothing behind', async () => {
    await using scene = await openChat();
    await expect(scene.feeds.subscribe({ user: scene.ada, roomId: 'no such room' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(scene.bus.listeners()).toBe(0);
  });

  test('if the database is away while a room opens, all its subscribers get the error; the next one can subscribe', async () => {
    let isAway = true;
    await using scene = await openChat((store) => ({
      heads: async (ids) => {
        if (isAway) throw storeAway();
        return store.heads(ids);
      },
    }));
    const refused = await Promise.allSettled([scene.visit(scene.ada), scene.visit(scene.ben)]);
    expect(refused.map((outcome) => outcome.status === 'rejected' && outcome.reason.retryable)).toEqual([
      true,
      true,
    ]);
    expect(scene.bus.listeners()).toBe(0);
    isAway = false;
    const visit = await scene.visit(scene.ada);
    await visit.leave();
    expect(scene.bus.listeners()).toBe(0);
  });
});

describe('changes whose hints the bus lost', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  test('are delivered after a sweep; if the database is away, after the next sweep', async () => {
    let isAway = true;
    await using scene = await openChat((store) => ({
      changesAfter: async (...args) => {
        if (isAway) throw storeAway();
        return store.changesAfter(...args);
      },
    }));
    const visit = await scene.visit(scene.ada);
    void visit.read();
    await append(scene.store, [typed(scene.roomId, scene.ada), typed(scene.roomId, scene.ben)]);
    vi.advanceTimersByTime(2_000);
    await settled();
    expect(visit.revs).toEqual([]);
    expect(scene.log.notes.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'could not read missed changes; trying again soon'],
    ]);
    isAway = false;
    vi.advanceTimersByTime(2_000);
    await settled();
    expect(visit.revs).toEqual([1, 2]);
    await visit.leave();
  });

  test('cause no second sweep while the database still works on the first', async () => {
    const answer = Promise.withResolvers<void>();
    let sweeps = 0;
    await using scene = await openChat((store) => ({
      heads: async (ids) => {
        sweeps += 1;
        if (sweeps > 1) await answer.promise;
        return store.heads(ids);
      },
    }));
    const visit = await scene.visit(scene.ada);
    vi.advanceTimersByTime(20_000);
    expect(sweeps).toBe(2);
    answer.resolve();
    await settled();
    vi.advanceTimersByTime(2_000);
    expect(sweeps).toBe(3);
    await visit.leave();
  });
});
