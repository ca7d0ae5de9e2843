import { expect, test } from 'vitest';
import { saveInterruptedStream, takeInterruptedStream } from './interruptedStream.ts';
import { createMemoryStorage } from './testing/memoryStorage.ts';

const stream = { roomId: 'room', streamId: 'stream' };

test('a stream that a reload interrupts continues in its room, once', () => {
  const storage = createMemoryStorage();
  saveInterruptedStream(storage, stream, 1_000);
  expect(takeInterruptedStream(storage, 'room', 3_000)).toBe('stream');
  expect(takeInterruptedStream(storage, 'room', 3_000)).toBeUndefined();
});

test('an interrupted stream does not continue in another room', () => {
  const storage = createMemoryStorage();
  saveInterruptedStream(storage, stream, 1_000);
  expect(takeInterruptedStream(storage, 'other', 3_000)).toBeUndefined();
  expect(takeInterruptedStream(storage, 'room', 3_000)).toBeUndefined();
});

test('a tab that is restored later does not turn the microphone on', () => {
  const storage = createMemoryStorage();
  saveInterruptedStream(storage, stream, 1_000);
  expect(takeInterruptedStream(storage, 'room', 21_000)).toBeUndefined();
});
