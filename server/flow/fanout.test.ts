import { setImmediate as nextTick } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { upTo } from '../../db/testing/material.ts';
import { settled } from '../../testing/settled.ts';
import { Fanout, type Receiver } from './fanout.ts';
import { Turns } from './turns.ts';

function createReceiver(onBatch: (batch: readonly number[]) => void = () => {}) {
  const batches: (readonly number[])[] = [];
  const receiver: Receiver<number> = {
    receive(batch) {
      batches.push(batch);
      onBatch(batch);
    },
  };
  return { receiver, batches, received: () => batches.flat() };
}

/** Blocks the thread for this long, as a write to a socket does. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('items that are pushed in one tick', () => {
  test('come as one batch, the same array to every receiver', async () => {
    const fanout = new Fanout<number>(new Turns());
    const receivers = upTo(500).map(() => createReceiver());
    for (const { receiver } of receivers) fanout.join(receiver);
    for (const i of upTo(10)) fanout.push(i);
    await settled();
    expect(receivers[0]?.batches).toEqual([upTo(10)]);
    expect(new Set(receivers.map(({ batches }) => batches[0])).size).toBe(1);
  });

  test('come in batches of bounded size, in order', async () => {
    const fanout = new Fanout<number>(new Turns());
    const { receiver, batches, received } = createReceiver();
    fanout.join(receiver);
    for (const i of upTo(1_000)) fanout.push(i);
    await settled();
    expect(received()).toEqual(upTo(1_000));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(64);
  });
});

describe('a receiver', () => {
  test('that joins gets the items from then on, even if it joins while a batch is being sent', async () => {
    const fanout = new Fanout<number>(new Turns());
    const late = createReceiver();
    const during = createReceiver();
    const first = createReceiver((batch) => {
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
    expect([first.received(), late.received(), during.received()]).toEqual([[1, 2, 3, 4], [3, 4], [4]]);
  });

  test('that leaves gets nothing more, not even the batch that is being sent', async () => {
    const fanout = new Fanout<number>(new Turns());
    const leaver = createReceiver();
    const first = createReceiver(() => fanout.leave(leaver.receiver));
    for (const { receiver } of [first, leaver]) fanout.join(receiver);
    fanout.push(1);
    await settled();
    expect([first.received(), leaver.received()]).toEqual([[1], []]);
  });
});

test('waiting for idle ends after the given time, even if tasks never end', async () => {
  const turns = new Turns();
  let hasMore = true;
  turns.schedule(() => hasMore);
  await turns.idle(20);
  expect(hasMore).toBe(true);
  hasMore = false;
  await turns.idle(10_000);
});

describe('a busy room', () => {
  test('delays neither a quiet room nor timers by more than one slice', async () => {
    const turns = new Turns();
    const busy = new Fanout<number>(turns);
    const quiet = new Fanout<number>(turns);
    const total = 2_000;
    const finished = Promise.withResolvers<void>();
    let sent = 0;
    for (const _ of upTo(total)) {
      const { receiver } = createReceiver(() => {
        block(0.05);
        sent += 1;
        if (sent === total) finished.resolve();
      });
      busy.join(receiver);
    }
    let sentBeforeQuiet: number | undefined;
    quiet.join(
      createReceiver(() => {
        sentBeforeQuiet = sent;
      }).receiver,
    );
    const sentAtTicks: number[] = [];
    const timer = setInterval(() => sentAtTicks.push(sent), 1);
    busy.push(1);
    quiet.push(1);
    await finished.promise;
    clearInterval(timer);
    expect(sentBeforeQuiet).toBeLessThan(total / 4);
    expect(sentAtTicks.filter((count) => count > 0 && count < total).length).toBeGreaterThan(3);
  });

  test('catches up in larger batches and loses no item', async () => {
    const turns = new Turns();
    const fanout = new Fanout<number>(turns);
    const { receiver, batches, received } = createReceiver();
    fanout.join(receiver);
    for (const _ of upTo(500)) fanout.join(createReceiver(() => block(0.02)).receiver);
    for (const i of upTo(200)) {
      fanout.push(i);
      if (i % 10 === 0) await nextTick();
    }
    await turns.idle(10_000);
    expect(received()).toEqual(upTo(200));
    expect(batches.length).toBeLessThan(100);
  });
});
