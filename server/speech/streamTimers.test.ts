import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { settled } from '../../testing/settled.ts';
import { expectReleased, openSpeech, pcmOf, statesOf } from '../../testing/speech/speechScene.ts';
import { suspendingGate } from '../../testing/speech/suspendingGate.ts';
import { createScriptedEngine } from '../transcriber/testing/scripted.ts';
import type { AudioChunk, SpeechEngine } from '../transcriber/transcriber.ts';

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const;

/** Advances the clock second by second, and lets pending work finish after each. */
async function advance(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settled();
  }
}

/** The audio, with a wait for `next` before each chunk. */
async function* stepped(
  audio: AsyncIterable<AudioChunk>,
  next: () => Promise<void>,
): AsyncGenerator<AudioChunk> {
  for await (const chunk of audio) {
    await next();
    yield chunk;
  }
}

/** Makes the calls of an engine fail with a retryable error while it is away. */
const failWhile =
  (isAway: () => boolean) =>
  (engine: SpeechEngine): SpeechEngine => ({
    ...engine,
    transcribe(audio, options) {
      if (isAway()) throw new AppError('SERVICE_UNAVAILABLE', 'engine_busy', 'Busy.', { retryable: true });
      return engine.transcribe(audio, options);
    },
  });

describe('over time, a speech stream', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }));
  afterEach(() => void vi.useRealTimers());

  test('without a chunk is shown as disconnected after 3 s and ends after 20 s, counted from the last chunk', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    await advance(2);
    expect(statesOf(watch.events)).toEqual(['listening']);
    await advance(1);
    expect(statesOf(watch.events)).toEqual(['listening', 'recovering network']);
    await advance(16);
    scene.push(scene.ada, streamId, 0);
    await settled();
    expect(statesOf(watch.events)).toEqual(['listening', 'recovering network', 'listening']);
    await advance(19);
    expect(statesOf(watch.events).slice(3)).toEqual(['recovering network']);
    await advance(1);
    expect(statesOf(watch.events).slice(4)).toEqual(['ended idle']);
    await watch.leave();
    expectReleased(scene);
  });

  test('stays open when its speaker resumes it in time', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    await advance(19);
    expect(scene.speech.resume(scene.ada, streamId, false)).toEqual({ nextSeq: 0 });
    await settled();
    expect(statesOf(watch.events)).toEqual(['listening', 'recovering network', 'listening']);
    await advance(19);
    expect(scene.push(scene.ada, streamId, 0)).toBe(1);
    await watch.leave();
  });

  test.each([
    ['shows a gap if its speaker resumes it without the old chunks', true, ['network']],
    ['shows no gap if its speaker resumes it with the old chunks', false, []],
  ])('%s', async (_, isFresh, gaps) => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await advance(5);
    expect(scene.speech.resume(scene.ada, streamId, isFresh)).toEqual({ nextSeq: 1 });
    scene.push(scene.ada, streamId, 1);
    await scene.speech.stop(scene.ada, streamId);
    await settled();
    const finals = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance.gap] : []));
    expect(finals).toEqual(gaps);
    await watch.leave();
  });

  test('starts each segment with the first engine, after a fallback engine too', async () => {
    let isAway = true;
    const wrap = failWhile(() => isAway);
    const fallback = { ...createScriptedEngine([{ final: 'one' }]), name: 'pocketsphinx' as const };
    await using scene = await openSpeech({
      ...{ script: [{ final: 'two' }], wrap, fallback, newGate: suspendingGate },
    });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0, pcmOf(100, 1));
    for (let seq = 1; seq < 20; seq += 1) {
      await advance(1);
      scene.push(scene.ada, streamId, seq, pcmOf(100, 1));
    }
    isAway = false;
    scene.push(scene.ada, streamId, 20, pcmOf(100, 0));
    await settled();
    scene.push(scene.ada, streamId, 21, pcmOf(100, 1));
    await scene.speech.stop(scene.ada, streamId);
    await settled();
    const engines = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance.engine] : []));
    expect(engines).toEqual(['pocketsphinx', 'sherpa']);
    await watch.leave();
  });

  test('attributes a gap to the first engine, even if the segment before had a fallback engine', async () => {
    let isAway = true;
    const wrap = failWhile(() => isAway);
    const fallback = { ...createScriptedEngine([{ final: 'one' }]), name: 'pocketsphinx' as const };
    await using scene = await openSpeech({ wrap, fallback, places: 1, newGate: suspendingGate });
    const watch = await scene.watch(scene.ben);
    const [adas, bens] = [await scene.start(scene.ada), await scene.start(scene.ben)];
    let seq = 0;
    /** Ada and Ben send a chunk each second. */
    const send = async (seconds: number, ada: number, ben: number) => {
      for (let second = 0; second < seconds; second += 1) {
        scene.push(scene.ada, adas, seq, pcmOf(10, ada));
        scene.push(scene.ben, bens, seq, pcmOf(10, ben));
        seq += 1;
        await advance(1);
      }
    };
    await send(20, 1, 0);
    isAway = false;
    // Ada is silent, so Ben gets the only place. Then Ada speaks again and waits for it in vain.
    await send(1, 0, 0);
    await send(1, 0, 1);
    await send(1, 1, 1);
    const stopped = scene.speech.stop(scene.ada, adas);
    for (let second = 0; second < 35; second += 1) {
      scene.push(scene.ben, bens, seq + second, pcmOf(10, 1));
      await advance(1);
    }
    await stopped;
    await settled();
    const finals = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance] : []));
    expect(finals.map(({ engine, gap }) => [engine, gap])).toEqual([
      ['pocketsphinx', undefined],
      ['sherpa', 'queue'],
    ]);
    await watch.leave();
  });

  test('whose engine hangs retries for a while, then shows a gap', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 21; seq += 1) scene.push(scene.ada, streamId, seq);
    const stopped = scene.speech.stop(scene.ada, streamId);
    await advance(50);
    expect(await stopped).toMatchObject({ utterances: 0 });
    expect(scene.engine.streams.length).toBeGreaterThan(1);
    const gaps = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance] : []));
    expect(gaps.map(({ gap, text }) => [gap, text])).toEqual([['engine', '']]);
    expect(Date.parse(gaps[0]?.endedAt ?? '') - Date.parse(gaps[0]?.startedAt ?? '')).toBe(2_100);
    await watch.leave();
    expectReleased(scene);
  });

  test('whose engine is slow gets all its audio recognised, however long that takes', async () => {
    let go = Promise.withResolvers<void>();
    const wrap = (engine: SpeechEngine): SpeechEngine => ({
      ...engine,
      transcribe: (audio, options) =>
        engine.transcribe(
          stepped(audio, () => go.promise),
          options,
        ),
    });
    const words = ['one', 'two', 'three', 'four'];
    await using scene = await openSpeech({ script: words.map((final) => ({ final })), wrap });
    const streamId = await scene.start(scene.ada);
    for (const seq of words.keys()) scene.push(scene.ada, streamId, seq);
    const stopped = scene.speech.stop(scene.ada, streamId);
    for (const _ of words) {
      await advance(8);
      go.resolve();
      go = Promise.withResolvers();
    }
    await settled();
    go.resolve();
    expect((await stopped).utterances).toBe(4);
    expectReleased(scene);
  });

  test('whose chunks are refused because the engine is behind does not end as idle', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const streamId = await scene.start(scene.ada);
    const second = pcmOf(1_000);
    scene.push(scene.ada, streamId, 0, second);
    await settled();
    for (let seq = 1; seq < 33; seq += 1) {
      scene.push(scene.ada, streamId, seq, second);
      await settled();
    }
    for (let i = 0; i < 5; i += 1) {
      await advance(1);
      expect(() => scene.push(scene.ada, streamId, 33, second)).toThrowError(
        expect.objectContaining({ reason: 'engine_behind', retryable: true }),
      );
    }
    const stopped = scene.speech.stop(scene.ada, streamId);
    await advance(120);
    await stopped;
  });

  test('stays open and connected while all its chunks are refused', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (let second = 0; second < 25; second += 1) {
      await advance(1);
      expect(() => scene.push(scene.ada, streamId, 0, new Uint8Array())).toThrowError(
        expect.objectContaining({ reason: 'chunk_empty' }),
      );
    }
    expect(statesOf(watch.events)).toEqual(['listening']);
    await watch.leave();
  });

  test('leaves only one timer, which forgets the stream a minute after its end', async () => {
    await using scene = await openSpeech();
    const others = vi.getTimerCount();
    const streamId = await scene.start(scene.ada);
    await scene.speech.stop(scene.ada, streamId);
    expect(vi.getTimerCount() - others).toBe(1);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended' }),
    );
    vi.advanceTimersByTime(59_999);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended' }),
    );
    vi.advanceTimersByTime(1);
    expect(vi.getTimerCount() - others).toBe(0);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_unknown' }),
    );
  });
});
