import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import { suspendingGate } from '../../testing/openGate.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech, pcmOf, type SpeechScene } from '../../testing/speechScene.ts';
import { createScriptedEngine } from '../transcriber/testing/scripted.ts';
import type { AudioChunk, SpeechEngine } from '../transcriber/transcriber.ts';

const FAKED = {
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const,
};
const ENDED = expect.objectContaining({ type: 'stream', state: 'ended' });

/** Advances the clock second by second, and lets pending work finish after each. */
async function advance(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settled();
  }
}

const states = (events: CaptionEvent[]) =>
  events.flatMap((event) =>
    event.type === 'stream' ? [[event.state, ...(event.reason ? [event.reason] : [])].join(' ')] : [],
  );

/** Checks that no stream holds an engine call or a bus subscription. */
function expectReleased(scene: SpeechScene): void {
  expect(scene.engine.streams.every(({ freed }) => freed)).toBe(true);
  expect(scene.bus.listeners()).toBe(0);
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

describe('a speech stream ends', () => {
  test('when it is stopped: the engine gets the end of the audio and gives its last words', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'last words' }] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    expect((await scene.speech.stop(scene.ada, streamId)).utterances).toBe(1);
    expect(scene.engine.streams[0]?.audioEnded).toBe(true);
    await settled();
    expect(watch.events.map(({ type }) => type)).toEqual(['stream', 'final', 'stream']);
    expect(states(watch.events)).toEqual(['listening', 'ended stopped']);
    await watch.leave();
    expectReleased(scene);
  });

  test('once: a second stop gets the same answer', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    const stops = [1, 2].map(() => scene.speech.stop(scene.ada, streamId));
    const [first, second] = await Promise.all(stops);
    expect(second).toEqual(first);
    expect(await scene.speech.stop(scene.ada, streamId)).toEqual(first);
  });

  test('when the engine fails, with the reason and the message of the error', async () => {
    const failure = new AppError('SERVICE_UNAVAILABLE', 'engine_gone', 'The engine went away.');
    await using scene = await openSpeech({ script: [{ partial: 'half a' }, { fail: failure }] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1]) scene.push(scene.ada, streamId, seq);
    await expect.poll(() => watch.events).toContainEqual(ENDED);
    expect(watch.events.at(-1)).toEqual({
      type: 'stream',
      streamId,
      speaker: { id: scene.ada.id, name: 'Ada' },
      state: 'ended',
      engine: 'sherpa',
      reason: 'engine_gone',
      message: 'The engine went away.',
    });
    expect(() => scene.push(scene.ada, streamId, 2)).toThrowError(
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE', reason: 'engine_gone', retryable: false }),
    );
    // The last partial is saved as a final.
    const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 5 });
    expect(items[0]?.text).toBe('half a');
    await watch.leave();
    expectReleased(scene);
  });

  test('with the failure of the engine, even if its speaker has stopped already', async () => {
    const fail = new AppError('SERVICE_UNAVAILABLE', 'engine_gone', 'The engine went away.');
    await using scene = await openSpeech({ script: ['nothing', { fail }] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await scene.speech.stop(scene.ada, streamId);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended engine_gone']);
    await watch.leave();
  });

  test('not when the engine fails with a retryable error: the engine is called again', async () => {
    const failure = new AppError('SERVICE_UNAVAILABLE', 'engine_busy', 'The engine is busy.', {
      retryable: true,
    });
    let calls = 0;
    const wrap = (engine: SpeechEngine): SpeechEngine => ({
      ...engine,
      transcribe(audio, options) {
        calls += 1;
        if (calls === 1) throw failure;
        return engine.transcribe(audio, options);
      },
    });
    await using scene = await openSpeech({ script: [{ final: 'heard after all' }], wrap });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await expect
      .poll(() => states(watch.events))
      .toEqual(['listening', 'recovering engine_busy', 'listening']);
    expect((await scene.speech.stop(scene.ada, streamId)).utterances).toBe(1);
    await watch.leave();
    expectReleased(scene);
  });

  test('when the engine cannot begin, and shows nobody the cause of the error', async () => {
    const transcribe = () => {
      throw new AppError('SERVICE_UNAVAILABLE', 'no_key', 'There is no key.', {
        cause: new Error('secret words'),
      });
    };
    await using scene = await openSpeech({ wrap: (engine) => ({ ...engine, transcribe }) });
    const watch = await scene.watch(scene.ben);
    scene.push(scene.ada, await scene.start(scene.ada), 0);
    await expect.poll(() => states(watch.events)).toEqual(['listening', 'ended no_key']);
    expect(JSON.stringify(watch.events)).not.toContain('secret');
    await watch.leave();
    expectReleased(scene);
  });

  test('when its speaker leaves the room, after its last words', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'goodbye' }] });
    const watch = await scene.watch(scene.ada);
    scene.push(scene.ben, await scene.start(scene.ben), 0);
    await scene.rooms.leave(scene.ben, scene.roomId);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended left_room']);
    expect((await scene.messages.list(scene.ada, scene.roomId, { limit: 5 })).items[0]?.text).toBe('goodbye');
    await watch.leave();
    expectReleased(scene);
  });
});

describe('over time, a speech stream', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED.toFake] }));
  afterEach(() => void vi.useRealTimers());

  test('without a chunk is shown as disconnected after 3 s and ends after 20 s, counted from the last chunk', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    await advance(19);
    scene.push(scene.ada, streamId, 0);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'recovering network', 'listening']);
    await advance(19);
    expect(states(watch.events).slice(3)).toEqual(['recovering network']);
    await advance(1);
    expect(states(watch.events).slice(4)).toEqual(['ended idle']);
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
    expect(states(watch.events)).toEqual(['listening', 'recovering network', 'listening']);
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
    const wrap = (engine: SpeechEngine): SpeechEngine => ({
      ...engine,
      transcribe(audio, options) {
        if (isAway) throw new AppError('SERVICE_UNAVAILABLE', 'engine_busy', 'Busy.', { retryable: true });
        return engine.transcribe(audio, options);
      },
    });
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

  test('leaves only one timer, which forgets the stream a minute after its end', async () => {
    await using scene = await openSpeech();
    const others = vi.getTimerCount();
    const streamId = await scene.start(scene.ada);
    await scene.speech.stop(scene.ada, streamId);
    expect(vi.getTimerCount() - others).toBe(1);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended' }),
    );
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount() - others).toBe(0);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_unknown' }),
    );
  });
});

describe('closing the server', () => {
  test('waits for the last words of every stream, and starts no new stream', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'bye' }] });
    const watch = await scene.watch(scene.ada);
    for (const user of [scene.ada, scene.ben]) scene.push(user, await scene.start(user), 0);
    const closing = scene.speech.close(5_000);
    await expect(scene.start(scene.ada)).rejects.toMatchObject({
      reason: 'server_stopping',
      retryable: true,
    });
    await closing;
    await settled();
    expect(watch.events.filter(({ type }) => type === 'final')).toHaveLength(2);
    expect(states(watch.events).slice(2)).toEqual(['ended server_stopping', 'ended server_stopping']);
    await watch.leave();
    expectReleased(scene);
  });

  test('aborts an engine that takes too long', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    scene.push(scene.ada, await scene.start(scene.ada), 0);
    await scene.speech.close(1);
    expectReleased(scene);
  });
});
