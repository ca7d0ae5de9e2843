import { expect, test, vi } from 'vitest';
import { Intake, type Source } from './intake.ts';

/** A source that notes whether it is read. */
function createSource(person = 'Ada'): Source & { isRead: boolean } {
  return {
    person,
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

test('a person with many sockets takes one turn, not one for each: another person waits for few of them', async () => {
  const intake = new Intake();
  const order: string[] = [];
  const greedy = Array.from({ length: 200 }, () => createSource('Mallory'));
  for (const source of greedy) {
    for (let i = 0; i < 10; i += 1) intake.add(source, () => order.push('Mallory'));
  }
  const quiet = createSource('Ada');
  intake.add(quiet, () => order.push('Ada'));
  while (!order.includes('Ada')) await nextTurn();
  // Some ran as they arrived; after them, Ada is the second in turn.
  expect(order.indexOf('Ada')).toBeLessThan(100);
  await vi.waitFor(() => expect(order).toHaveLength(2_001));
  expect(greedy.every(({ isRead }) => isRead)).toBe(true);
});

test('a frame with many steps keeps its place: the frames of a socket are in order, also if it says who it is', async () => {
  const intake = new Intake();
  const source = createSource('a stranger');
  const handled: number[] = [];
  for (let frame = 0; frame < 5; frame += 1) {
    if (frame === 3) source.person = 'Ada';
    let step = 0;
    intake.add(source, () => {
      handled.push(frame * 100 + step);
      step += 1;
      return step < 100;
    });
  }
  await vi.waitFor(() => expect(handled).toHaveLength(500));
  expect(handled).toEqual(handled.map((_, i) => i));
  expect(source.isRead).toBe(true);
});

test('steps that take long leave the event loop in between, with all the promises that they have begun', async () => {
  const intake = new Intake();
  const source = createSource();
  let handled = 0;
  const work = async () => {
    await null;
    const until = performance.now() + 2;
    while (performance.now() < until);
    handled += 1;
  };
  for (let i = 0; i < 200; i += 1) intake.add(source, () => void work());
  await nextTurn();
  for (let before = handled; handled < 200; before = handled) {
    await nextTurn();
    expect(handled - before).toBeLessThan(16);
  }
});

test('calls without a socket take turns too', async () => {
  const intake = new Intake();
  const order: string[] = [];
  const turns = Array.from({ length: 300 }, async () => {
    await intake.turn('Mallory');
    order.push('Mallory');
  });
  await intake.turn('Ada');
  order.push('Ada');
  expect(order.length).toBeLessThan(150);
  await Promise.all(turns);
});
