import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { type Announcement, Arrivals } from './arrivals.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const said: (string | number | null)[][] = [];
  const contentOf = (announcement: Announcement) =>
    'count' in announcement ? announcement.count : announcement.message.text;
  const arrivals = new Arrivals((announcements) => said.push(announcements.map(contentOf)));
  const arrive = (...texts: (string | null)[]) => {
    for (const text of texts) arrivals.add({ text } as Message);
  };
  return { arrivals, arrive, said };
}

test('messages that arrive together are read out together, each once', async () => {
  const { arrive, said } = open();
  arrive('one', 'two');
  await vi.runAllTimersAsync();
  arrive('three');
  await vi.runAllTimersAsync();
  expect(said).toEqual([['one', 'two'], ['three']]);
});

test('of a crowd only the number is said, at most once a second', async () => {
  const { arrive, said } = open();
  for (let i = 0; i < 100; i += 1) {
    arrive(`message ${i}`);
    await vi.advanceTimersByTimeAsync(20);
  }
  await vi.runAllTimersAsync();
  expect(said.length).toBeLessThanOrEqual(4);
  expect(said.flat().every((content) => typeof content === 'number')).toBe(true);
  expect(said.flat().reduce<number>((sum, count) => sum + Number(count), 0)).toBe(100);
});

test('a gap and a removed message say nothing, and nothing comes after the room is closed', async () => {
  const { arrivals, arrive, said } = open();
  arrive('', null);
  await vi.runAllTimersAsync();
  arrive('late');
  arrivals.close();
  await vi.runAllTimersAsync();
  expect(said).toEqual([]);
});
