import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { Message, Utterance } from '../../contract/types.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { settled } from '../../testing/settled.ts';
import { utteranceAt } from '../../testing/utterance.ts';
import { UtteranceWriter } from './utteranceWriter.ts';

const away = new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
const refused = new AppError('BAD_REQUEST', 'too_long', 'Too long.');

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'performance'],
      fakeNodeBuiltins: true,
    }),
);
afterEach(() => void vi.useRealTimers());

/** A writer over a database that answers each write with the next of `answers`, and then with the last of them. */
function open(...answers: (Error | 'saved')[]) {
  const attemptsMs: number[] = [];
  const done: Utterance[] = [];
  const write = async () => {
    await settled();
    const answer = answers[Math.min(attemptsMs.length, answers.length - 1)];
    attemptsMs.push(performance.now());
    if (answer instanceof Error) throw answer;
    return { seq: attemptsMs.length } as Message;
  };
  const log = createNotedLog();
  const writer = new UtteranceWriter({ writer: { write }, log }, (utterance) => done.push(utterance));
  return { writer, done, attemptsMs, log };
}

async function advance(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 10; i += 1) await settled();
}

describe('the utterance writer', () => {
  test('saves utterances one after the other, in order, and counts those that are no gaps', async () => {
    const { writer, done } = open('saved');
    for (const text of ['one', 'two']) await writer.add(utteranceAt(text, 0));
    await writer.add(utteranceAt('', 1, { gap: 'network' }));
    await writer.settled();
    expect(done.map(({ text, seq }) => [text, seq])).toEqual([
      ['one', 1],
      ['two', 2],
      ['', 3],
    ]);
    expect(writer.savedCount).toBe(2);
  });

  test('keeps the order while the first utterance is retried', async () => {
    const { writer, done } = open(away, 'saved');
    for (const text of ['one', 'two']) await writer.add(utteranceAt(text, 0));
    await advance(0);
    await advance(250);
    await writer.settled();
    expect(done.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  test('retries after longer and longer pauses, up to five seconds', async () => {
    const { writer, attemptsMs } = open(away);
    const startMs = performance.now();
    await writer.add(utteranceAt('one', 0));
    await advance(0);
    for (let i = 0; i < 80; i += 1) await advance(250);
    expect(attemptsMs.slice(0, 7).map((ms) => ms - startMs)).toEqual([
      0, 250, 750, 1_750, 3_750, 8_750, 13_750,
    ]);
    writer.abort();
    await writer.settled();
  });

  test('gives up an utterance that the database refuses, without a retry', async () => {
    const { writer, done, attemptsMs } = open(refused, 'saved');
    for (const text of ['one', 'two']) await writer.add(utteranceAt(text, 0));
    await writer.settled();
    expect(done.map(({ text, seq }) => [text, seq])).toEqual([
      ['one', null],
      ['two', 2],
    ]);
    expect([attemptsMs.length, writer.savedCount]).toEqual([2, 1]);
  });

  test('gives up at once when it is aborted, and tries the rest of its queue once', async () => {
    const { writer, done, attemptsMs, log } = open(away);
    for (const text of ['one', 'two']) await writer.add(utteranceAt(text, 0));
    await advance(0);
    expect(attemptsMs).toHaveLength(1);
    writer.abort();
    await writer.settled();
    expect(done.map(({ seq }) => seq)).toEqual([null, null]);
    // The first utterance is tried once more after the abort.
    expect(attemptsMs).toHaveLength(3);
    expect(log.notes.map(({ message }) => message)).toEqual(Array(3).fill('could not save an utterance'));
  });

  test('accepts 99 utterances at once while the database is away, and lets the hundredth wait', async () => {
    const { writer } = open(away);
    let added = 0;
    const add = () => writer.add(utteranceAt('one', 0)).then(() => (added += 1));
    for (let i = 0; i < 100; i += 1) void add();
    await advance(0);
    expect(added).toBe(99);
    writer.abort();
    await writer.settled();
    await settled();
    expect(added).toBe(100);
  });

  test('accepts utterances at once again when its queue is empty', async () => {
    const { writer } = open('saved');
    for (let i = 0; i < 100; i += 1) void writer.add(utteranceAt('one', 0));
    await writer.settled();
    let isAdded = false;
    void writer.add(utteranceAt('one', 0)).then(() => {
      isAdded = true;
    });
    await Promise.resolve();
    expect(isAdded).toBe(true);
    await writer.settled();
  });
});
