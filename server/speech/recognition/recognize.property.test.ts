import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import { createNotedLog } from '../../../testing/notedLog.ts';
import {
  createNumbersEngine,
  NUMBERS_RATE,
  type NumbersFault,
  type SpokenItem,
  synthesizeNumbers,
} from '../../transcriber/testing/numbers.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { hear } from './recognize.ts';
import type { RecognitionEvent } from './types.ts';

type Piece = PlacedAudio & { dueMs: number };
type Word = { text: string; start: number; end: number };

/** More than all audio and all faults of a story take. */
const ENOUGH = 1_000;

/** How the stretch is spoken: words without a pause, pauses, and silence that was left out, all in seconds. */
const spoken = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<'word'>('word') },
    { weight: 2, arbitrary: fc.double({ min: 0.1, max: 2, noNaN: true }).map((pause) => ({ pause })) },
    { weight: 1, arbitrary: fc.double({ min: 0.5, max: 20, noNaN: true }).map((hole) => ({ hole })) },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
);
const failure = (reason: string) => new AppError('SERVICE_UNAVAILABLE', reason, 'No.', { retryable: true });
const faults = fc.array(
  fc.option(
    fc.record({
      afterChunks: fc.nat({ max: 30 }),
      kind: fc.oneof(
        fc.constantFrom('engine_failed', 'engine_limit').map(failure),
        fc.constantFrom('leave' as const, 'hang' as const, 'deaf' as const),
      ),
    }),
    { nil: undefined },
  ),
  { maxLength: 8, size: 'max' },
);
const story = fc.record({
  spoken,
  faults,
  fallbackFaults: fc.option(faults, { nil: undefined }),
  chunkSamples: fc.integer({ min: 20, max: 200 }),
  live: fc.boolean(),
  keptSeconds: fc.constantFrom(2, 10, ENOUGH),
  longestSeconds: fc.constantFrom(null, 20),
  waitsMs: fc.array(fc.nat({ max: 6_000 }), { maxLength: 6, size: 'max' }),
  /** Of the pauses between calls, from the shortest to the longest. */
  jitter: fc.double({ min: 0, max: 0.999, noNaN: true }),
});
type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function tell({ spoken: parts, chunkSamples, live }: Story): { pieces: Piece[]; words: Word[] } {
  const pieces: Piece[] = [];
  const words: Word[] = [];
  let at = 0;
  const add = (said: SpokenItem) => {
    const pcm = synthesizeNumbers([said]);
    for (let i = 0; i < pcm.length / 2; i += chunkSamples) {
      const piece = { at: at + i, pcm: pcm.subarray(2 * i, 2 * Math.min(pcm.length / 2, i + chunkSamples)) };
      pieces.push({ ...piece, dueMs: live ? ((piece.at + piece.pcm.length / 2) / NUMBERS_RATE) * 1_000 : 0 });
    }
    const end = at + pcm.length / 2;
    if (typeof said === 'number')
      words.push({ text: String(said), start: at / NUMBERS_RATE, end: end / NUMBERS_RATE });
    at = end;
  };
  for (const part of parts) {
    if (part === 'word') add(words.length + 1);
    else if ('pause' in part) add({ silence: part.pause });
    else at += Math.round(part.hole * NUMBERS_RATE);
  }
  return { pieces, words };
}

async function* play(pieces: Piece[]): AsyncGenerator<PlacedAudio, void, void> {
  const startedAt = performance.now();
  for (const { dueMs, at, pcm } of pieces) {
    const waitMs = startedAt + dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    yield { at, pcm };
  }
}

async function run(told: Story, pieces: Piece[]) {
  vi.spyOn(Math, 'random').mockReturnValue(told.jitter);
  // An engine hears more at a time than is ever kept for it, or there would be no end to it.
  const longestSeconds = told.keptSeconds === ENOUGH ? null : told.longestSeconds;
  const named = (name: 'aws' | 'sherpa', own: (NumbersFault | undefined)[]) =>
    createNumbersEngine({ name, faults: own, longestSeconds });
  const engine = named('aws', told.faults);
  const fallback = told.fallbackFaults ? named('sherpa', told.fallbackFaults) : null;
  const waits = told.waitsMs.values();
  const places = { taken: 0, refused() {}, take };
  async function take({ signal }: { signal: AbortSignal }) {
    const waitMs = waits.next().value ?? 0;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    signal.throwIfAborted();
    places.taken += 1;
    return () => {
      places.taken -= 1;
    };
  }
  const heard: RecognitionEvent[] = [];
  let sentSeconds = 0;
  let over = false;
  const listen = async () => {
    const options = { language: 'en-US', sampleRate: NUMBERS_RATE, signal: new AbortController().signal };
    const parts = {
      engine,
      fallback,
      places,
      log: createNotedLog(),
      onCall(call: { sentSeconds: number }) {
        sentSeconds += call.sentSeconds;
      },
      onRestart() {},
      limits: { keptSeconds: told.keptSeconds, deafSeconds: 5, lastChanceMs: 1_000 * ENOUGH },
    };
    for await (const event of hear(play(pieces), options, parts)) heard.push(event);
    over = true;
  };
  const listening = listen();
  for (let second = 0; second < 1_200 && !over; second += 1) await vi.advanceTimersByTimeAsync(1_000);
  if (!over) throw new Error('it never ends');
  await listening;
  const calls = [...engine.calls, ...(fallback?.calls ?? [])];
  return { heard, calls, sentSeconds, places };
}

const touches = (word: Word, { start, end }: { start: number; end: number }) =>
  word.start < end && start < word.end;

test('whatever fails, whenever: every word is heard once, in order and in its place, or lies in a gap', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      const { pieces, words } = tell(told);
      const { heard, calls, sentSeconds, places } = await run(told, pieces);
      const finals = heard.flatMap((event) => (event.type === 'final' ? [event] : []));
      const gaps = heard.filter((event) => event.type === 'gap');

      const seen = finals.flatMap((final) => final.words);
      expect(seen.map(({ text }) => Number(text))).toEqual(
        [...new Set(seen.map(({ text }) => Number(text)))].sort((a, b) => a - b),
      );
      // What is kept until somebody hears it is never lost.
      if (told.keptSeconds === ENOUGH) expect(gaps).toEqual([]);
      for (const word of words) {
        const found = seen.find(({ text }) => text === word.text);
        if (gaps.some((gap) => touches(word, gap))) continue;
        expect(found, `word ${word.text}`).toMatchObject(word);
      }

      const inOrder = heard.flatMap((event) =>
        event.type === 'final' || event.type === 'gap' ? [event] : [],
      );
      for (const [i, event] of inOrder.entries()) {
        expect(event.start).toBeGreaterThanOrEqual(inOrder[i - 1]?.end ?? 0);
        expect(event.end).toBeGreaterThan(event.start);
      }
      const events = heard.flatMap((event) => ('words' in event ? [event] : []));
      for (const [id, own] of Map.groupBy(events, ({ utteranceId }) => utteranceId)) {
        const types = own.map(({ type }) => type);
        expect(types, `utterance ${id}`).toEqual([...types.slice(1).fill('partial'), 'final']);
      }
      for (const final of finals) expect(final.text).toBe(final.words.map(({ text }) => text).join(' '));

      expect(places.taken).toBe(0);
      expect(calls.every(({ freed }) => freed)).toBe(true);
      expect(sentSeconds).toBeCloseTo(calls.reduce((sum, { seconds }) => sum + seconds, 0));
    }),
    { numRuns: Number(process.env.RUNS ?? 100) },
  );
}, 600_000);
