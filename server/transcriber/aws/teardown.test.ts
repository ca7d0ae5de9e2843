import { ok } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { AudioSource } from '../testing/audioSource.ts';
import { awsScene, hear, POLL, RATE, singing, WORDS } from '../testing/transcribe/awsScene.ts';
import type { Fault } from '../testing/transcribe/faults.ts';
import { FAULT_TABLE } from '../testing/transcribe/faultTable.ts';
import type { SpeechEngine } from '../transcriber.ts';

const scene = awsScene({ remembers: 1 });

// The flag cannot be given to the workers that run tests, but every context made after it has the function.
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** The phases in which a call can be when it is called off, and how one knows that it is in it. */
const PHASES: {
  phase: string;
  fault?: Fault;
  never?: boolean;
  source: () => AudioSource;
  inIt: () => boolean;
}[] = [
  { phase: 'while credentials are waited for', never: true, source: () => singing(), inIt: () => true },
  {
    phase: 'before the answer',
    fault: { at: 'request', kind: 'silence' },
    source: () => singing(WORDS, { hangs: true }),
    inIt: () => scene.server.openSessions() === 1,
  },
  {
    phase: 'before the first audio',
    source: () => new AudioSource([], { hangs: true }),
    inIt: () => scene.server.openSessions() === 1,
  },
  {
    phase: 'before the first event',
    fault: { at: 'audio', kind: 'silence' },
    source: () => singing(WORDS, { hangs: true }),
    inIt: () => (scene.server.streams.at(-1)?.chunks ?? 0) > 0,
  },
  {
    phase: 'amid the events',
    fault: { at: 'event', kind: 'silence' },
    source: () => singing(WORDS, { hangs: true }),
    inIt: () => (scene.server.streams.at(-1)?.words.length ?? 0) > 0,
  },
  {
    phase: 'before the last event',
    fault: { at: 'end', kind: 'silence' },
    source: () => singing(),
    inIt: () => scene.server.streams.at(-1)?.audioEnded === true,
  },
];

describe.each(PHASES)('called off $phase, a stream ends without an error and leaves nothing', (row) => {
  const start = (signal: AbortSignal) => {
    scene.server.setFault(row.fault);
    scene.server.streams.length = 0;
    const source = row.source();
    const credentials = row.never ? () => new Promise<never>(() => {}) : undefined;
    const engine = scene.engine(credentials && { credentials });
    const events = engine.transcribe(source, { language: 'en-US', sampleRate: RATE, signal });
    return { source, iterator: events[Symbol.asyncIterator]() };
  };

  test('by its signal', async () => {
    const abort = new AbortController();
    const { source, iterator } = start(abort.signal);
    const events = Array.fromAsync({ [Symbol.asyncIterator]: () => iterator });
    await expect.poll(row.inIt, POLL).toBe(true);
    abort.abort();
    await expect(events).resolves.toBeInstanceOf(Array);
    await scene.nothingLeft(source);
  });

  test('by its consumer', async () => {
    const { source, iterator } = start(new AbortController().signal);
    const taken = (async () => {
      while (!(await iterator.next()).done);
    })();
    await expect.poll(row.inIt, POLL).toBe(true);
    await iterator.return?.();
    await taken;
    await scene.nothingLeft(source);
  });
});

test('a stream that nobody has asked for an event has opened nothing', async () => {
  const source = singing();
  const { signal } = new AbortController();
  const events = scene.engine().transcribe(source, { language: 'en-US', sampleRate: RATE, signal });
  await events[Symbol.asyncIterator]().return?.();
  expect(source.drawn).toBe(0);
  await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
});

test('credentials that come after all open no stream that nobody wants any more', async () => {
  const late = Promise.withResolvers<{ accessKeyId: string; secretAccessKey: string }>();
  const abort = new AbortController();
  scene.server.streams.length = 0;
  const heard = hear(scene.engine({ credentials: () => late.promise }), singing(), { signal: abort.signal });
  abort.abort();
  expect(await heard).toEqual([]);
  late.resolve({ accessKeyId: 'late', secretAccessKey: 'late' });
  // Somebody who is wanted comes through after them.
  await hear(scene.engine(), singing());
  expect(scene.server.streams).toHaveLength(1);
});

/** One stream, and how it is ended, if not by the fault that the server has been told to make. */
type Way = (engine: SpeechEngine, source: AudioSource) => Promise<unknown>;

const WAYS: { fault?: Fault; run: Way }[] = [
  ...FAULT_TABLE.map(({ fault }) => ({
    fault,
    run: (engine: SpeechEngine, source: AudioSource) => hear(engine, source),
  })),
  { run: leave },
  { run: abort },
  { run: failAudio },
  { run: hearNothing },
];
const AT_ONCE = Math.ceil(1_000 / WAYS.length);

test('after 1,000 streams that failed in every way, nothing is left', { timeout: 120_000 }, async () => {
  const engine = scene.engine({ patienceMs: 1_000, pingMs: 500 });
  const run = async (count: number) => {
    const sources: WeakRef<AudioSource>[] = [];
    for (const way of WAYS) sources.push(...(await runAtOnce(count, way, engine)));
    return measure(sources);
  };
  // What is made once only is made now.
  const before = await run(2);
  const after = await run(AT_ONCE);
  console.info(`${AT_ONCE * WAYS.length} failed streams\nbefore`, before, '\nafter', after);
  expect(after.resources).toEqual(before.resources);
  expect(after.sources).toBeLessThanOrEqual(AT_ONCE);
  expect(after.heapKiB - before.heapKiB).toBeLessThan(2_000);
});

async function runAtOnce(count: number, { fault, run }: (typeof WAYS)[number], engine: SpeechEngine) {
  scene.server.setFault(fault);
  const own = Array.from({ length: count }, () => singing(WORDS, { hangs: fault?.at !== 'end' }));
  await Promise.allSettled(own.map((source) => run(engine, source)));
  expect(own.filter(({ returned }) => !returned)).toHaveLength(0);
  await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
  return own.map((source) => new WeakRef(source));
}

/** How much audio is still held, what keeps the process alive, and the heap. */
async function measure(sources: WeakRef<AudioSource>[]) {
  // Twice: what is garbage, and what it held.
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

async function leave(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const { signal } = new AbortController();
  for await (const _ of engine.transcribe(source, { language: 'en-US', sampleRate: RATE, signal })) break;
}

// Below, `expect.poll` would not do: until the test is over it keeps what it looks at.

async function abort(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const calledOff = new AbortController();
  const heard = hear(engine, source, { signal: calledOff.signal });
  await vi.waitFor(() => ok(source.drawn > 0), POLL);
  calledOff.abort();
  await heard;
}

/** Audio that breaks after its first chunk. */
async function failAudio(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async () => {
    if (source.drawn > 0) throw new Error('the microphone broke');
    return iterator.next();
  };
  await hear(engine, { [Symbol.asyncIterator]: () => ({ ...iterator, next }) });
}

async function hearNothing(engine: SpeechEngine, source: AudioSource): Promise<void> {
  const silent = new AudioSource([], { hangs: true });
  const calledOff = new AbortController();
  const heard = hear(engine, silent, { signal: calledOff.signal });
  await vi.waitFor(() => ok(scene.server.openSessions() > 0), POLL);
  calledOff.abort();
  await heard;
  source.returned = silent.returned;
}
