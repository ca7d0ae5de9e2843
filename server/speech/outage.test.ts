import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { openSpeech, statesOf } from '../../testing/speech/speechScene.ts';
import { suspendingGate } from '../../testing/speech/suspendingGate.ts';
import type { AudioChunk, SpeechEngine } from '../transcriber/transcriber.ts';
import { AudioPages } from './microphone/audioPages.ts';
import { CHUNK_SECONDS, createChunkEngine, type Fault, numberOf, seqOf } from './testing/chunkEngine.ts';

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const;
/** The promises of the design: the newest 60 s of audio are kept, in less than 2.5 MB a stream. */
const KEPT_SECONDS = 60;
const KEPT_BYTES = 1_920_000;
const MAX_BYTES = 2_500_000;

type Outage = {
  fault: Fault;
  fromSeconds: number;
  seconds: number;
  sampleRate: number;
  hasFallback: boolean;
  /** After so many chunks of speech come so many silent ones, which end the segment. 0: no silence. */
  silence: number;
  /** So many seconds after the engine went away, the speaker's page is away for 5 s, and comes back without its audio. */
  reloadAfter?: number | undefined;
};

const outages: fc.Arbitrary<Outage> = fc.record({
  fault: fc.constantFrom('refused', 'breaks', 'hangs', 'deaf', 'alternates', 'queue'),
  fromSeconds: fc.integer({ min: 3, max: 40 }),
  seconds: fc.oneof(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 90, max: 1_200 })),
  sampleRate: fc.constantFrom(8_000, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
  hasFallback: fc.boolean(),
  silence: fc.constantFrom(0, 0, 3),
  reloadAfter: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
});

/** How long the return of an engine may go unnoticed: the longest pause, and the longest wait for a hung call. */
const NOTICED_SECONDS: Record<Fault, number> = {
  queue: 1,
  refused: 11,
  breaks: 11,
  hangs: 53,
  deaf: 132,
  alternates: 53,
};

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Speaks a number in each chunk, until two minutes after the outage. */
async function live(outage: Outage) {
  const { fault, sampleRate, seconds, hasFallback, silence } = outage;
  const fromSeconds = fault === 'queue' ? 0 : outage.fromSeconds;
  const toSeconds = fromSeconds + seconds;
  const startMs = performance.now();
  const elapsed = () => (performance.now() - startMs) / 1_000;
  const faultNow = (call: number) => {
    if (fault === 'queue' || elapsed() < fromSeconds || elapsed() >= toSeconds) return undefined;
    if (fault === 'alternates') return (['refused', 'hangs', 'breaks'] as const)[call % 3];
    return fault;
  };
  const engine = createChunkEngine('aws', faultNow);
  const fallback = hasFallback && fault !== 'queue' ? createChunkEngine('sherpa', faultNow) : null;
  const stored = vi.spyOn(AudioPages.prototype, 'store');
  await using scene = await openSpeech({
    ...{ wrap: () => engine, fallback, places: 1 },
    ...(silence > 0 && { newGate: suspendingGate }),
  });
  const release = await scene.parts.admission.acquire({
    ...{ engine, isResuming: false, signal: new AbortController().signal, onPlace() {} },
  });
  if (fault !== 'queue') release();
  const watch = await scene.watch(scene.ben);
  const streamId = await scene.start(scene.ada, { sampleRate });
  const zeroMs = performance.timeOrigin + performance.now();
  const spoken: number[] = [];
  let heldBytes = 0;
  let nextSeq = 0;
  const samples = Math.round(CHUNK_SECONDS * sampleRate);
  const awayFrom = (fromSeconds + (outage.reloadAfter ?? Number.POSITIVE_INFINITY)) / CHUNK_SECONDS;
  const awayTo = awayFrom + 5 / CHUNK_SECONDS;
  for (let chunk = 0; elapsed() < toSeconds + 120; chunk += 1) {
    if (elapsed() >= toSeconds) release();
    const isAway = chunk >= awayFrom && chunk < awayTo;
    if (chunk === awayTo) scene.speech.resume(scene.ada, streamId, true);
    const isSilent = !isAway && silence > 0 && chunk % 40 >= 40 - silence;
    if (!isSilent) spoken.push(numberOf(chunk));
    await vi.advanceTimersByTimeAsync(1_000 * CHUNK_SECONDS);
    const pcm = new Uint8Array(new Int16Array(samples).fill(isSilent ? 0 : numberOf(chunk)).buffer);
    // Nothing may be refused: this throws.
    if (!isAway) nextSeq = scene.push(scene.ada, streamId, nextSeq, pcm);
    await settled();
    heldBytes = Math.max(heldBytes, (stored.mock.contexts[0] as AudioPages | undefined)?.heldBytes ?? 0);
  }
  await scene.speech.stop(scene.ada, streamId);
  await settled();
  const isSent = (number: number) => seqOf(number) < awayFrom || seqOf(number) >= awayTo;
  return { spoken, isSent, events: watch.events, heldBytes, toSeconds, zeroMs };
}

/** The audio, with a pause of so many milliseconds before each piece. */
async function* delayed(audio: AsyncIterable<AudioChunk>, ms: number): AsyncGenerator<AudioChunk> {
  for await (const chunk of audio) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    yield chunk;
  }
}

test('an engine that is too slow costs audio in blocks, and no chunk is refused', async () => {
  const engine = createChunkEngine('aws', () => undefined);
  /** Takes 0.8 s for each half second. */
  const slow: SpeechEngine = {
    ...engine,
    transcribe: (audio, options) => engine.transcribe(delayed(audio, 800), options),
  };
  const stored = vi.spyOn(AudioPages.prototype, 'store');
  await using scene = await openSpeech({ wrap: () => slow });
  const watch = await scene.watch(scene.ben);
  const streamId = await scene.start(scene.ada);
  for (let seq = 0; seq < 600; seq += 1) {
    await vi.advanceTimersByTimeAsync(1_000 * CHUNK_SECONDS);
    scene.push(scene.ada, streamId, seq, new Uint8Array(new Int16Array(8_000).fill(numberOf(seq)).buffer));
    await settled();
  }
  expect((stored.mock.contexts[0] as AudioPages).heldBytes).toBeLessThan(MAX_BYTES);
  const stopped = scene.speech.stop(scene.ada, streamId);
  for (let second = 0; second < 120; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settled();
  }
  await stopped;
  const finals = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance] : []));
  const heard = finals.flatMap(({ words }) => words.map(({ text }) => Number(text)));
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  const gaps = finals.filter(({ gap }) => gap === 'engine');
  expect(gaps.length).toBeGreaterThan(5);
  for (const { startedAt, endedAt } of gaps) {
    expect(Date.parse(endedAt as string) - Date.parse(startedAt)).toBeGreaterThanOrEqual(3_000);
  }
  // All up to the newest final is heard or in a gap.
  const lost = Array.from({ length: seqOf(heard.at(-1)) }, (_, seq) => numberOf(seq)).filter(
    (number) => !heard.includes(number),
  );
  const gapMs = gaps.reduce(
    (ms, { startedAt, endedAt }) => ms + Date.parse(endedAt as string) - Date.parse(startedAt),
    0,
  );
  expect(gapMs / 1_000).toBeCloseTo(lost.length * CHUNK_SECONDS, 1);
});

test('an engine that is away, or a queue, costs one gap of the oldest audio, and no chunk is refused', async () => {
  await fc.assert(
    fc.asyncProperty(outages, async (outage) => {
      const { spoken, isSent, events, heldBytes, toSeconds, zeroMs } = await live(outage);
      const finals = events.flatMap((event) => (event.type === 'final' ? [event.utterance] : []));
      const gaps = finals.filter(({ gap }) => gap);
      const heard = finals.flatMap(({ words }) => words.map(({ text }) => Number(text)));
      const lost = spoken.filter((number) => !heard.includes(number));
      expect(heldBytes).toBeLessThan(MAX_BYTES);
      // Each number is heard once, in order, or lies in a gap. A gap holds nothing that was heard, and begins and ends
      // with something that was lost.
      expect(heard).toEqual(spoken.filter((number) => !lost.includes(number)));
      const lostIn = gaps.map(({ startedAt, endedAt }) => {
        const [from, to] = [startedAt, endedAt as string].map((at) => (Date.parse(at) - zeroMs) / 1_000);
        const isIn = (number: number) => {
          const middle = (seqOf(number) + 0.5) * CHUNK_SECONDS;
          return middle > (from as number) && middle < (to as number);
        };
        expect(heard.filter(isIn)).toEqual([]);
        const within = lost.filter(isIn);
        expect(from).toBeCloseTo(seqOf(within[0]) * CHUNK_SECONDS, 1);
        expect(to).toBeCloseTo((seqOf(within.at(-1)) + 1) * CHUNK_SECONDS, 1);
        return within;
      });
      expect(lostIn.flat()).toEqual(lost);
      // The outage is one gap. A page that was away may be another.
      const lostByEngine = lost.filter(isSent);
      const reasons = gaps.map(({ gap }) => gap);
      expect(reasons.filter((reason) => reason !== 'network').length).toBeLessThanOrEqual(1);
      expect(new Set([...reasons, 'network', outage.fault === 'queue' ? 'queue' : 'engine']).size).toBe(2);
      expect(gaps.length).toBeLessThanOrEqual(
        (lostByEngine.length > 0 ? 1 : 0) + (lost.some((n) => !isSent(n)) ? 1 : 0),
      );
      // What was said within the backlog before the return is heard.
      const keptSeconds = Math.min(KEPT_SECONDS, KEPT_BYTES / 2 / outage.sampleRate);
      const heardFrom = toSeconds - keptSeconds + NOTICED_SECONDS[outage.fault];
      expect(seqOf(lostByEngine.at(-1)) * CHUNK_SECONDS).toBeLessThanOrEqual(Math.max(0, heardFrom) + 1);
      const states = statesOf(events);
      expect(states.filter((state) => state.startsWith('ended'))).toEqual(['ended stopped']);
    }),
    {
      numRuns: Number(process.env.RUNS ?? 8),
      endOnFailure: true,
      examples: [
        // It takes audio, and the page comes back without its own. Segments pile up behind a call that got its end.
        [
          {
            ...{ fault: 'deaf', fromSeconds: 6, seconds: 350, sampleRate: 8_000 },
            ...{ hasFallback: true, silence: 3, reloadAfter: 100 },
          },
        ],
        [
          {
            ...{ fault: 'hangs', fromSeconds: 3, seconds: 615, sampleRate: 8_000 },
            ...{ hasFallback: true, silence: 3 },
          },
        ],
        [
          {
            ...{ fault: 'hangs', fromSeconds: 3, seconds: 41, sampleRate: 48_000 },
            ...{ hasFallback: true, silence: 0 },
          },
        ],
      ],
    },
  );
}, 600_000);
