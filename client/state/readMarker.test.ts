import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReadMarker } from './readMarker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A marker at 10 with a server whose answers are scripted. After the script it accepts everything. */
function open(answers: ('lost' | 'refused')[] = []) {
  const calls: number[] = [];
  const atOnce: number[] = [];
  const marker = new ReadMarker({
    at: 10,
    async mark(seq) {
      calls.push(seq);
      const answer = answers.shift();
      if (answer) throw new Error(answer);
    },
    markAtOnce: async (seq) => void atOnce.push(seq),
    paceMs: () => 400,
    isRetryable: (error) => (error as Error).message === 'lost',
  });
  return { marker, calls, atOnce };
}

test('many messages in a short time are one call, with the newest', async () => {
  const { marker, calls } = open();
  for (let seq = 11; seq <= 60; seq += 1) {
    marker.see(seq);
    await vi.advanceTimersByTimeAsync(20);
  }
  await vi.runAllTimersAsync();
  expect(calls.length).toBeLessThanOrEqual(4);
  expect(calls.at(-1)).toBe(60);
  expect(calls).toEqual(calls.toSorted((a, b) => a - b));
});

test('what was read before, or elsewhere, is not told again', async () => {
  const { marker, calls } = open();
  marker.see(10);
  marker.see(3);
  marker.see(12);
  marker.know(14);
  marker.see(13);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([]);
  expect(marker.seq).toBe(14);
});

test('a lost call is repeated after a while, or when the connection is back', async () => {
  const { marker, calls } = open(['lost', 'lost']);
  marker.see(11);
  await vi.advanceTimersByTimeAsync(400);
  marker.see(12);
  await vi.advanceTimersByTimeAsync(400);
  expect(calls).toEqual([11]);
  marker.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(calls).toEqual([11, 12]);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([11, 12, 12]);
});

test('a refused call is not repeated, and the next message asks again', async () => {
  const { marker, calls } = open(['refused']);
  marker.see(11);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([11]);
  marker.see(12);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([11, 12]);
});

test('closing tells the server at once what was seen last', async () => {
  const { marker, calls } = open();
  marker.see(11);
  marker.close();
  expect(calls).toEqual([11]);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([11]);
});

test('what was seen last is told at once when the page may go, and only once', async () => {
  const { marker, calls, atOnce } = open();
  marker.flush();
  marker.see(11);
  marker.flush();
  expect([calls, atOnce]).toEqual([[], [11]]);
  await vi.runAllTimersAsync();
  marker.flush();
  expect([calls, atOnce]).toEqual([[], [11]]);
  marker.see(12);
  await vi.runAllTimersAsync();
  expect(calls).toEqual([12]);
});
