import { ok } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { AudioSource } from '../testing/audioSource.ts';
import { awsScene, POLL, RATE, recognize, SENTENCE, speechSource } from '../testing/transcribe/awsScene.ts';
import type { Fault } from '../testing/transcribe/faults.ts';
import { FAULT_TABLE } from '../testing/transcribe/faultTable.ts';
import type { SpeechEngine } from '../transcriber.ts';

const scene = awsScene({ maxKeptStreams: 1 });

// Test workers take no such flag. But every context that is made after this call has the function `gc`.
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** The phases in which a stream can be cancelled. `reached` says whether the stream is in the phase. */
const PHASES: {
  phase: string;
  fault?: Fault;
  credentialsNeverCome?: boolean;
  source: () => AudioSource;
  reached: () => boolean;
}[] = [
  {
    phase: 'while it waits for credentials',
    credentialsNeverCome: true,
    source: () => speechSource(),
    reached: () => true,
  },
  {
    phase: 'before the answer',
    fault: { at: 'request', kind: 'silence' },
    source: () => speechSource(SENTENCE, { hangs: true }),
    reached: () => scene.server.openSessions() === 1,
  },
  {
    phase: 'before the first audio',
    source: () => new AudioSource([], { hangs: true }),
    reached: () => scene.server.openSessions() === 1,
  },
  {
    phase: 'before the first event',
    fault: { at: 'audio', kind: 'silence' },
    source: () => speechSource(SENTENCE, { hangs: true }),
    reached: () => (scene.server.streams.at(-1)?.chunks ?? 0) > 0,
  },
  {
    phase: 'between the events',
    fault: { at: 'event', kind: 'silence' },
    source: () => speechSource(SENTENCE, { hangs: true }),
    reached: () => (scene.server.streams.at(-1)?.words.length ?? 0) > 0,
  },
  {
    phase: 'before the last event',
    fault: { at: 'end', kind: 'silence' },
    source: () => speechSource(),
    reached: () => scene.server.streams.at(-1)?.audioEnded === true,
  },
];

describe.each(PHASES)('a stream that is cancelled $phase ends without an error and leaves nothing', (row) => {
  const start = (signal: AbortSignal) => {
    scene.server.setFault(row.fault);
    scene.server.streams.length = 0;
    const source = row.source();
    const credentials = row.credentialsNeverCome ? () => new Promise<never>(() => {}) : undefined;
    const engine = scene.engine(credentials && { credentials });
    const events = engine.transcribe(source, { language: 'en-US', sampleRate: RATE, signal });
    return { source, iterator: events[Symbol.asyncIterator]() };
  };

  test('by its signal', async () => {
    const abort = new AbortController();
    const { source, iterator } = start(abort.signal);
    const events = Array.fromAsync({ [Symbol.asyncIterator]: () => iterator });
    await expect.poll(row.reached, POLL).toBe(true);
    abort.abort();
    await expect(events).resolves.toBeInstanceOf(Array);
    await scene.expectFreed(source);
  });

  test('by its consumer', async () => {
    const { source, iterator } = start(new AbortController().signal);
    const reading = (async () => {
      while (!(await iterator.next()).done);
    })();
    await expect.poll(row.reached, POLL).toBe(true);
    await iterator.return?.();
    await reading;
    await scene.expectFreed(source);
  });
});

test('a stream opens nothing before the first event is requested', async () => {
  const source = speechSource();
  const { signal } = new AbortController();
  const events = scene.engine().transcribe(source, { language: 'en-US', sampleRate: RATE, signal });
  await events[Symbol.asyncIterator]().return?.();
  expect(source.chunksRead).toBe(0);
  await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
});

test('credentials that come after the abort open no stream', async () => {
  const late = Promise.withResolvers<{ accessKeyId: string; secretAccessKey: string }>();
  const abort = new AbortController();
  scene.server.streams.length = 0;
  const engine = scene.engine({ credentials: () => late.promise });
  const events = recognize(engine, speechSource(), { signal: abort.signal });
  abort.abort();
  expect(await events).toEqual([]);
  late.resolve({ accessKeyId: 'late', secretAccessKey: 'late' });
  // A second stream marks the time: a late first stream would have been opened before it ends.
  await recognize(scene.engine(), speechSource());
  expect(scene.server.streams).toHaveLength(1);
});

/** Runs one stream to its end. The end comes from the fault of the server, if there is one, or from the function. */
type RunStream = (engine: SpeechEngine, source: AudioSource) => Promise<unknown>;

const ENDINGS: { fault?: Fault; run: RunStream }[] = [
  ...FAULT_TABLE.map(({ fault }) => ({
    fault,
    run: (engine: SpeechEngine, source: AudioSource) => recognize(engine, source),
  })),
  { run: returnEarly },
  { run: abort },
  { run: failAudio },
  { run: abortWithoutAudio },
];
const STREAMS_PER_ENDING = Math.ceil(1_000 / ENDINGS.length);

test('after 1,000 streams that failed in every way, nothing is left', { timeout: 120_000 }, async () => {
  const engine = scene.engine({ answerTimeoutMs: 1_000, pingMs: 500 });
  const run = async (count: number) => {
    const sources: WeakRef<AudioSource>[] = [];
    for (const ending of ENDINGS) sources.push(...(await runAtOnce(count, ending, engine)));
    return measure(sources);
  };
  // The first run makes everything that is made only once.
  const before = await run(2);
  const after = await run(STREAMS_PER_ENDING);
  console.info(`${STREAMS_PER_ENDING * ENDINGS.length} failed streams\nbefore`, before, '\nafter', after);
  expect(after.resources).toEqual(before.resources);
  expect(after.sources).toBeLessThanOrEqual(STREAMS_PER_ENDING);
  expect(after.heapKiB - before.heapKiB).toBeLessThan(2_000);
});

async function runAtOnce(count: number, { fault, run }: (typeof ENDINGS)[number], engine: SpeechEngine) {
  scene.server.setFault(fault);
  const sources = Array.from({ length: count }, () => speechSource(SENTENCE, { hangs: fault?.at !== 'end' }));
  await Promise.allSettled(sources.map((source) => run(engine, source)));
  expect(sources.filter(({ returned }) => !returned)).toHaveLength(0);
  await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
  return sources.map((source) => new WeakRef(source));
}

/** The number of sources still in memory, the resources that keep the process alive, and the heap. */
async function measure(sources: WeakRef<AudioSource>[]) {
  // The second round frees what the garbage of the first one held.
  for (let i = 0; i < 2; i += 1) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  const resources = Map.groupBy(process.getActiveResourcesInfo(), (name) => name);
  return {
    sources: sources.filter((source) => source.deref()).length,
    resources: Object.fromEntries([...resources].map(([name, { length }]) => [name, length])),
    heapKiB: Math.round(process.memoryUsage().heapUsed / 1_024),
  };
}

async function returnEarly(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const { signal } = new AbortController();
  for await (const _ of engine.transcribe(source, { language: 'en-US', sampleRate: RATE, signal })) break;
}

// The functions below use `vi.waitFor`: `expect.poll` would keep the source in memory until the end of the test.

async function abort(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const controller = new AbortController();
  const events = recognize(engine, source, { signal: controller.signal });
  await vi.waitFor(() => ok(source.chunksRead > 0), POLL);
  controller.abort();
  await events;
}

/** The audio throws after its first chunk. */
async function failAudio(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async () => {
    if (source.chunksRead > 0) throw new Error('the microphone broke');
    return iterator.next();
  };
  await recognize(engine, { [Symbol.asyncIterator]: () => ({ ...iterator, next }) });
}

async function abortWithoutAudio(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const empty = new AudioSource([], { hangs: true });
  const controller = new AbortController();
  const events = recognize(engine, empty, { signal: controller.signal });
  await vi.waitFor(() => ok(scene.server.openSessions() > 0), POLL);
  controller.abort();
  await events;
  source.returned = empty.returned;
}
