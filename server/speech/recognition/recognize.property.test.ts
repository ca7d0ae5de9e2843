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
import { recognize } from './recognize.ts';
import type { RecognitionEvent } from './types.ts';

type Piece = PlacedAudio & { dueMs: number };
type Word = { text: string; start: number; end: number };

/** More seconds than the audio and the faults of any scenario take. */
const ENOUGH_SECONDS = 1_000;

/** The parts of a segment: words, pauses, and holes (silence that is not sent). Lengths are in seconds. */
const spoken = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<'word'>('word') },
    { weight: 2, arbitrary: fc.double({ min: 0.1, max: 2, noNaN: true }).map((pause) => ({ pause })) },
    { weight: 1, arbitrary: fc.double({ min: 0.5, max: 20, noNaN: true }).map((hole) => ({ hole })) },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
);
const failure = (reason: string) =>
  new AppError('SERVICE_UNAVAILABLE', reason, 'It failed.', { retryable: true });
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
const scenarios = fc.record({
  spoken,
  faults,
  fallbackFaults: fc.option(faults, { nil: undefined }),
  chunkSamples: fc.integer({ min: 20, max: 200 }),
  live: fc.boolean(),
  replaySeconds: fc.constantFrom(2, 10, ENOUGH_SECONDS),
  longestSeconds: fc.constantFrom(null, 20),
  admissionWaitsMs: fc.array(fc.nat({ max: 6_000 }), { maxLength: 6, size: 'max' }),
  /** The random number of each backoff: 0 makes the shortest pause, 1 the longest. */
  jitter: fc.double({ min: 0, max: 0.999, noNaN: true }),
});
type Scenario = typeof scenarios extends fc.Arbitrary<infer S> ? S : never;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function speak({ spoken: parts, chunkSamples, live }: Scenario): { pieces: Piece[]; words: Word[] } {
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

async function* playAudio(pieces: Piece[]): AsyncGenerator<PlacedAudio, void, void> {
  const startedAt = performance.now();
  for (const { dueMs, at, pcm } of pieces) {
    const waitMs = startedAt + dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    yield { at, pcm };
  }
}

async function run(scenario: Scenario, pieces: Piece[]) {
  vi.spyOn(Math, 'random').mockReturnValue(scenario.jitter);
  // A call must be able to get more audio than the buffer holds, or the segment would never end.
  const longestSeconds = scenario.replaySeconds === ENOUGH_SECONDS ? null : scenario.longestSeconds;
  const createEngine = (name: 'aws' | 'sherpa', engineFaults: (NumbersFault | undefined)[]) =>
    createNumbersEngine({ name, faults: engineFaults, longestSeconds });
  const engine = createEngine('aws', scenario.faults);
  const fallback = scenario.fallbackFaults ? createEngine('sherpa', scenario.fallbackFaults) : null;
  const waits = scenario.admissionWaitsMs.values();
  const admission = { running: 0, throttle() {}, acquire };
  async function acquire({ signal }: { signal: AbortSignal }) {
    const waitMs = waits.next().value ?? 0;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    signal.throwIfAborted();
    admission.running += 1;
    return () => {
      admission.running -= 1;
    };
  }
  const events: RecognitionEvent[] = [];
  let sentSeconds = 0;
  let isOver = false;
  const read = async () => {
    const options = { language: 'en-US', sampleRate: NUMBERS_RATE, signal: new AbortController().signal };
    const parts = {
      engine,
      fallback,
      admission,
      log: createNotedLog(),
      onCall(call: { sentSeconds: number }) {
        sentSeconds += call.sentSeconds;
      },
      onRestart() {},
      limits: { replaySeconds: scenario.replaySeconds, deafSeconds: 5, giveUpMs: 1_000 * ENOUGH_SECONDS },
    };
    for await (const event of recognize(playAudio(pieces), options, parts)) events.push(event);
    isOver = true;
  };
  const reading = read();
  for (let second = 0; second < 1_200 && !isOver; second += 1) await vi.advanceTimersByTimeAsync(1_000);
  if (!isOver) throw new Error('The recognition does not end.');
  await reading;
  const calls = [...engine.calls, ...(fallback?.calls ?? [])];
  return { events, calls, sentSeconds, admission };
}

const overlaps = (word: Word, { start, end }: { start: number; end: number }) =>
  word.start < end && start < word.end;

test('with any faults at any time, each word is in one final, in order and at its time, or lies in a gap', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { pieces, words } = speak(scenario);
      const { events, calls, sentSeconds, admission } = await run(scenario, pieces);
      const finals = events.flatMap((event) => (event.type === 'final' ? [event] : []));
      const gaps = events.filter((event) => event.type === 'gap');

      const recognized = finals.flatMap((final) => final.words);
      expect(recognized.map(({ text }) => Number(text))).toEqual(
        [...new Set(recognized.map(({ text }) => Number(text)))].sort((a, b) => a - b),
      );
      // A buffer that is large enough loses nothing.
      if (scenario.replaySeconds === ENOUGH_SECONDS) expect(gaps).toEqual([]);
      for (const word of words) {
        const found = recognized.find(({ text }) => text === word.text);
        if (gaps.some((gap) => overlaps(word, gap))) continue;
        expect(found, `word ${word.text}`).toMatchObject(word);
      }

      const finalsAndGaps = events.flatMap((event) =>
        event.type === 'final' || event.type === 'gap' ? [event] : [],
      );
      for (const [i, event] of finalsAndGaps.entries()) {
        expect(event.start).toBeGreaterThanOrEqual(finalsAndGaps[i - 1]?.end ?? 0);
        expect(event.end).toBeGreaterThan(event.start);
      }
      const results = events.flatMap((event) => ('words' in event ? [event] : []));
      for (const [id, utterance] of Map.groupBy(results, ({ utteranceId }) => utteranceId)) {
        const types = utterance.map(({ type }) => type);
        expect(types, `utterance ${id}`).toEqual([...types.slice(1).fill('partial'), 'final']);
      }
      for (const final of finals) expect(final.text).toBe(final.words.map(({ text }) => text).join(' '));

      expect(admission.running).toBe(0);
      expect(calls.every(({ freed }) => freed)).toBe(true);
      expect(sentSeconds).toBeCloseTo(calls.reduce((sum, { seconds }) => sum + seconds, 0));
    }),
    { numRuns: Number(process.env.RUNS ?? 100) },
  );
}, 600_000);
