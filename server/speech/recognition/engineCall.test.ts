import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engineError, fault, pass, resultAt } from '../../../testing/speech/recognitionScene.ts';
import {
  createNumbersEngine,
  NUMBERS_RATE,
  type SpokenItem,
  synthesizeNumbers,
} from '../../transcriber/testing/numbers.ts';
import type { SpeechEngine, Transcriber, TranscriptEvent } from '../../transcriber/transcriber.ts';
import { EngineCall, type Outcome } from './engineCall.ts';
import { RECOGNITION_LIMITS } from './limits.ts';
import { RingBuffer } from './ringBuffer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts a call over a large ring buffer, and collects what the call reports. */
function startCall(engine: SpeechEngine) {
  const ring = new RingBuffer(1e6, { mayEvict: () => true, onEvict: () => {} });
  const events: string[] = [];
  const source = { ended: false, held: false };
  const call = new EngineCall({
    ...{ engine, ring, limits: RECOGNITION_LIMITS, timeoutFactor: 1 },
    options: { language: 'en-US', sampleRate: NUMBERS_RATE },
    audioEnded: () => source.ended,
    maySend: () => !source.held,
    onDemand: () => {},
    onBehind: () => {},
    onResult: ({ type, text }) => events.push(`${type} ${text}`),
    onListening: () => events.push('listening'),
    onOver: () => events.push('over'),
  });
  let at = 0;
  const say = (...said: SpokenItem[]) => {
    for (const one of said) {
      const pcm = synthesizeNumbers([one]);
      ring.append({ at, pcm });
      at += pcm.length / 2;
    }
    call.audio.deliver();
  };
  const end = () => {
    source.ended = true;
    call.audio.deliver();
  };
  const outcomes: Outcome[] = [];
  call.outcome.then((outcome) => outcomes.push(outcome));
  call.start();
  return { call, events, outcomes, say, end, source };
}

const createEngine = (transcribe: Transcriber): SpeechEngine => ({ ...createNumbersEngine(), transcribe });

test('a call is done when the engine ends after all audio, and reports each result before', async () => {
  const { events, outcomes, say, end } = startCall(createNumbersEngine());
  say(1, 2, { silence: 0.4 });
  await pass(0);
  end();
  await pass(0);
  expect(events).toEqual(['listening', 'partial 1', 'partial 1 2', 'final 1 2', 'over']);
  expect(outcomes).toEqual(['done']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an engine that ends before the audio does has failed', async () => {
  const { outcomes, say } = startCall(createNumbersEngine({ faults: [fault(1, 'leave')] }));
  say(1, 2);
  await pass(0);
  expect(outcomes).toMatchObject([{ reason: 'engine_failed', retryable: true }]);
});

test('an error of any kind ends the call as a failure that can be retried', async () => {
  const error = new TypeError('A bug in the engine.');
  const thrown = startCall(
    createEngine(() => {
      throw error;
    }),
  );
  const rejected = startCall(
    createEngine(async function* () {
      yield* [];
      throw error;
    }),
  );
  await pass(0);
  const failure = { reason: 'engine_failed', retryable: true, cause: error };
  expect([thrown.outcomes, rejected.outcomes]).toMatchObject([[failure], [failure]]);
});

test('an AppError of the engine is the outcome as it is', async () => {
  const error = engineError('credentials', false);
  const { outcomes } = startCall(createNumbersEngine({ faults: [fault(0, error)] }));
  await pass(0);
  expect(outcomes).toEqual([error]);
});

test('an engine that hangs when it is freed is left behind after a second', async () => {
  const hang = () => new Promise<never>(() => {});
  const engine = createEngine(() => ({ [Symbol.asyncIterator]: () => ({ next: hang, return: hang }) }));
  const { call, outcomes } = startCall(engine);
  call.stop();
  await pass(0.9);
  expect(outcomes).toEqual([]);
  await pass(0.1);
  expect(outcomes).toEqual(['stopped']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an engine that has ended or failed is not asked to free itself once more', async () => {
  const ended = async () => ({ done: true, value: undefined }) as const;
  const failed = () => Promise.reject(engineError());
  for (const next of [ended, failed]) {
    const free = vi.fn(async () => ({ done: true, value: undefined }) as const);
    const engine = createEngine(() => ({ [Symbol.asyncIterator]: () => ({ next, return: free }) }));
    const { outcomes } = startCall(engine);
    await pass(0);
    expect(outcomes).toHaveLength(1);
    expect(free).not.toHaveBeenCalled();
  }
});

test('a call that is stopped aborts its engine, ends its audio, and ignores what the engine still returns', async () => {
  const result = Promise.withResolvers<IteratorResult<TranscriptEvent>>();
  let signal: AbortSignal | undefined;
  const engine = createEngine((_audio, options) => {
    signal = options.signal;
    return { [Symbol.asyncIterator]: () => ({ next: () => result.promise }) };
  });
  const { call, events, outcomes, say } = startCall(engine);
  const read = call.audio.next();
  call.stop();
  call.stop();
  say(1);
  result.resolve({ done: false, value: resultAt(0, 'late') });
  await pass(0);
  expect(signal?.aborted).toBe(true);
  expect((await read).done).toBe(true);
  expect((await call.audio.next()).done).toBe(true);
  expect(events).toEqual(['over']);
  expect(outcomes).toEqual(['stopped']);
});

describe('an engine counts as listening', () => {
  test('once it has taken audio and has not failed for a second', async () => {
    const { events, say } = startCall(createNumbersEngine());
    say({ silence: 0.1 });
    await pass(0.9);
    expect(events).toEqual([]);
    await pass(0.1);
    expect(events).toEqual(['listening']);
    await pass(5);
    expect(events).toEqual(['listening']);
  });

  test('not before it has taken audio', async () => {
    const { events } = startCall(createNumbersEngine());
    await pass(5);
    expect(events).toEqual([]);
  });

  test('as soon as it returns a result', async () => {
    const { events, say } = startCall(createNumbersEngine());
    say(1, 2);
    await pass(0);
    expect(events).toEqual(['listening', 'partial 1']);
  });
});

describe('the watchdog', () => {
  test('lets an engine work on its last piece for as long as it likes', async () => {
    const { outcomes, say } = startCall(createNumbersEngine({ chunkTakesMs: 60_000 }));
    say(1);
    await pass(59);
    expect(outcomes).toEqual([]);
  });

  test('does not blame an engine that waits because nobody reads the events', async () => {
    const { outcomes, say, source } = startCall(createNumbersEngine({ idleMs: 1e6 }));
    source.held = true;
    say(1);
    await pass(60);
    expect(outcomes).toEqual([]);
  });

  test('ends a call whose engine takes no audio for 10 s, or does not finish within 10 s', async () => {
    const hanging = startCall(createNumbersEngine({ faults: [fault(1, 'hang')] }));
    hanging.say(1, 2, 3);
    const unfinished = startCall(createNumbersEngine({ faults: [fault(0, 'deaf')] }));
    unfinished.end();
    await pass(9.9);
    expect([...hanging.outcomes, ...unfinished.outcomes]).toEqual([]);
    await pass(0.2);
    expect([...hanging.outcomes, ...unfinished.outcomes]).toMatchObject([
      { reason: 'stalled', retryable: true },
      { reason: 'stalled', retryable: true },
    ]);
  });

  test('ends a call whose engine returns no result for 30 s of audio, and counts again from each result', async () => {
    const deaf = startCall(createNumbersEngine({ faults: [fault(0, 'deaf')] }));
    const slow = startCall(createNumbersEngine());
    for (let second = 0; second < 31; second += 1) {
      deaf.say({ silence: 1 });
      if (second === 15) slow.say(1);
      else slow.say({ silence: 1 });
      await pass(1);
    }
    expect(deaf.outcomes).toMatchObject([{ reason: 'deaf', retryable: true }]);
    expect(slow.outcomes).toEqual([]);
  });
});

describe('a call is near the limit of its engine', () => {
  test('5 minutes before the end of a long limit, or one minute inside an utterance', async () => {
    const { call } = startCall(createNumbersEngine({ longestSeconds: 14_400, idleMs: 1e9 }));
    await pass(14_099);
    expect(call.isNearLimit(false)).toBe(false);
    await pass(1);
    expect(call.isNearLimit(false)).toBe(true);
    await pass(239);
    expect(call.isNearLimit(true)).toBe(false);
    await pass(1);
    expect(call.isNearLimit(true)).toBe(true);
  });

  test('after three quarters of a short limit, by the audio if that is more than the time', async () => {
    const { call, say } = startCall(createNumbersEngine({ longestSeconds: 8 }));
    say(...Array<SpokenItem>(5).fill({ silence: 1 }), { silence: 0.9 });
    await pass(0);
    expect(call.ageSeconds).toBe(5.9);
    expect(call.isNearLimit(false)).toBe(false);
    say({ silence: 0.1 });
    await pass(0);
    expect(call.isNearLimit(false)).toBe(true);
    expect(call.isNearLimit(true)).toBe(false);
  });

  test('never without a limit, and not once it is over', async () => {
    const unlimited = startCall(createNumbersEngine()).call;
    const stopped = startCall(createNumbersEngine({ longestSeconds: 8, idleMs: 1e9 })).call;
    stopped.stop();
    await pass(100);
    expect([unlimited.isNearLimit(false), stopped.isNearLimit(false)]).toEqual([false, false]);
  });
});
