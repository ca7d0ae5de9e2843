import { expect, test } from 'vitest';
import { leaveStream, takeLeftStream } from './leftStream.ts';
import { createMemoryStorage } from './storage.ts';

const left = { roomId: 'room', streamId: 'stream' };

test('speech that a reload cuts off goes on in its room, once', () => {
  const storage = createMemoryStorage();
  leaveStream(storage, left, 1_000);
  expect(takeLeftStream(storage, 'room', 3_000)).toBe('stream');
  expect(takeLeftStream(storage, 'room', 3_000)).toBeUndefined();
});

test('it does not go on in another room', () => {
  const storage = createMemoryStorage();
  leaveStream(storage, left, 1_000);
  expect(takeLeftStream(storage, 'other', 3_000)).toBeUndefined();
  expect(takeLeftStream(storage, 'room', 3_000)).toBeUndefined();
});

test('a tab that is restored later does not turn the microphone on', () => {
  const storage = createMemoryStorage();
  leaveStream(storage, left, 1_000);
  expect(takeLeftStream(storage, 'room', 21_000)).toBeUndefined();
});
