import { expect, test } from 'vitest';
import { Intake, type Source } from './intake.ts';

/** A source that notes whether it is read. */
function createSource(): Source & { isRead: boolean } {
  return {
    isRead: true,
    pause() {
      this.isRead = false;
    },
    resume() {
      this.isRead = true;
    },
  };
}

const nextTurn = () => new Promise(setImmediate);

test('a socket with many messages hands on a few in each turn, in order, and is not read meanwhile', async () => {
  const intake = new Intake();
  const greedy = createSource();
  const handled: number[] = [];
  for (let i = 0; i < 300; i += 1) intake.add(greedy, () => handled.push(i));
  expect(handled.length).toBeLessThan(50);
  expect(greedy.isRead).toBe(false);
  for (let turns = 1; handled.length < 300; turns += 1) {
    expect(turns).toBeLessThan(100);
    const before = handled.length;
    await nextTurn();
    expect(handled.length - before).toBeLessThan(100);
  }
  expect(handled).toEqual(handled.map((_, i) => i));
  expect(greedy.isRead).toBe(true);
});

test('another socket is handled at once, and a waiting one in turn', async () => {
  const intake = new Intake();
  const order: string[] = [];
  const greedy = createSource();
  for (let i = 0; i < 300; i += 1) intake.add(greedy, () => order.push('greedy'));
  const before = order.length;
  const quiet = createSource();
  intake.add(quiet, () => order.push('quiet'));
  expect(order.length).toBe(before + 1);
  expect(quiet.isRead).toBe(true);
  const second = createSource();
  for (let i = 0; i < 20; i += 1) intake.add(second, () => order.push('second'));
  await nextTurn();
  await nextTurn();
  expect(order.filter((name) => name === 'second').length).toBe(20);
  expect(order.filter((name) => name === 'greedy').length).toBeLessThan(300);
});

test('the messages of a socket that is gone are forgotten', async () => {
  const intake = new Intake();
  const source = createSource();
  let handled = 0;
  for (let i = 0; i < 300; i += 1) intake.add(source, () => handled++);
  const atOnce = handled;
  intake.remove(source);
  await nextTurn();
  await nextTurn();
  expect(handled).toBe(atOnce);
});
