import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { upTo } from '../../db/testing/material.ts';
import { settled } from '../../testing/settled.ts';
import { Fanout, type Receiver } from './fanout.ts';
import { Turns } from './turns.ts';

function listener(onBatch: (batch: readonly number[]) => void = () => {}) {
  const batches: (readonly number[])[] = [];
  const receiver: Receiver<number> = {
    receive(batch) {
      batches.push(batch);
      onBatch(batch);
    },
  };
  return { receiver, batches, heard: () => batches.flat() };
}

/** Keeps the thread for so long, as a socket's write does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('what is pushed in one tick', () => {
  test('comes as one batch, the same array to everybody', async () => {
    const fanout = new Fanout<number>(new Turns());
    const listeners = upTo(500).map(() => listener());
    for (const { receiver } of listeners) fanout.join(receiver);
    for (const i of upTo(10)) fanout.push(i);
    await settled();
    expect(listeners[0]?.batches).toEqual([upTo(10)]);
    expect(new Set(listeners.map(({ batches }) => batches[0])).size).toBe(1);
  });

  test('comes in bounded batches, in order', async () => {
    const fanout = new Fanout<number>(new Turns());
    const { receiver, batches, heard } = listener();
    fanout.join(receiver);
    for (const i of upTo(1_000)) fanout.push(i);
    await settled();
    expect(heard()).toEqual(upTo(1_000));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(64);
  });
});

describe('whoever', () => {
  test('comes hears what is pushed from then on, also when they come while a batch is handed out', async () => {
    const fanout = new Fanout<number>(new Turns());
    const late = listener();
    const during = listener();
    const first = listener((batch) => {
      if (!batch.includes(2)) return;
      fanout.join(during.receiver);
      fanout.push(4);
    });
    fanout.join(first.receiver);
    fanout.push(1);
    fanout.push(2);
    fanout.join(late.receiver);
    fanout.push(3);
    await settled();
    expect([first.heard(), late.heard(), during.heard()]).toEqual([[1, 2, 3, 4], [3, 4], [4]]);
  });

  test('leaves hears nothing more, not even the rest of a batch that is being handed out', async () => {
    const fanout = new Fanout<number>(new Turns());
    const leaver = listener();
    const first = listener(() => fanout.leave(leaver.receiver));
    for (const { receiver } of [first, leaver]) fanout.join(receiver);
    fanout.push(1);
    await settled();
    expect([first.heard(), leaver.heard()]).toEqual([[1], []]);
  });
});

test('a rest that never comes is waited for no longer than is said', async () => {
  const turns = new Turns();
  let isBusy = true;
  turns.ask(() => isBusy);
  await turns.rested(20);
  expect(isBusy).toBe(true);
  isBusy = false;
  await turns.rested(10_000);
});

describe('a busy room', () => {
  test('delays neither a quiet one nor the clock by more than a spell', async () => {
    const turns = new Turns();
    const busy = new Fanout<number>(turns);
    const quiet = new Fanout<number>(turns);
    let handedOut = 0;
    const total = 2_000;
    for (const _ of upTo(total)) {
      const { receiver } = listener(() => {
        work(0.05);
        handedOut += 1;
      });
      busy.join(receiver);
    }
    let before: number | undefined;
    quiet.join(
      listener(() => {
        before = handedOut;
      }).receiver,
    );
    const ticks: number[] = [];
    const timer = setInterval(() => ticks.push(handedOut), 1);
    busy.push(1);
    quiet.push(1);
    while (handedOut < total) await sleep(1);
    clearInterval(timer);
    expect(before).toBeLessThan(total / 4);
    expect(ticks.filter((at) => at > 0 && at < total).length).toBeGreaterThan(3);
  });

  test('catches up in larger pieces, without losing any', async () => {
    const turns = new Turns();
    const fanout = new Fanout<number>(turns);
    const { receiver, batches, heard } = listener();
    fanout.join(receiver);
    for (const _ of upTo(500)) fanout.join(listener(() => work(0.02)).receiver);
    for (const i of upTo(200)) {
      fanout.push(i);
      if (i % 10 === 0) await sleep(0);
    }
    await turns.rested(10_000);
    expect(heard()).toEqual(upTo(200));
    expect(batches.length).toBeLessThan(100);
  });
});
