import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech, pcmOf, type SpeechScene } from '../../testing/speechScene.ts';
import type { AudioChunk, SpeechEngine } from '../transcriber/transcriber.ts';

const FAKED = {
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const,
};
const ENDED = expect.objectContaining({ type: 'stream', state: 'ended' });

/** Lets time pass second by second, with all that comes of it. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settled();
  }
}

const states = (events: CaptionEvent[]) =>
  events.flatMap((event) =>
    event.type === 'stream' ? [[event.state, ...(event.reason ? [event.reason] : [])].join(' ')] : [],
  );

/** Everything a stream held is given back. */
function expectFreed(scene: SpeechScene): void {
  expect(scene.engine.streams.every(({ freed }) => freed)).toBe(true);
  expect(scene.bus.listeners()).toBe(0);
}

/** Audio of which each chunk has to wait. */
async function* inSteps(
  audio: AsyncIterable<AudioChunk>,
  turn: () => Promise<void>,
): AsyncGenerator<AudioChunk> {
  for await (const chunk of audio) {
    await turn();
    yield chunk;
  }
}

describe('a speech stream ends', () => {
  test('when it is stopped: the engine hears the end of the audio and says its last words', async () => {
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
    expectFreed(scene);
  });

  test('once: stopping again answers the same', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    const stops = [1, 2].map(() => scene.speech.stop(scene.ada, streamId));
    const [first, second] = await Promise.all(stops);
    expect(second).toEqual(first);
    expect(await scene.speech.stop(scene.ada, streamId)).toEqual(first);
  });

  test('when the engine fails, with its reason and its sentence for people', async () => {
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
    // What was half said stands as it was heard.
    const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 5 });
    expect(items[0]?.text).toBe('half a');
    await watch.leave();
    expectFreed(scene);
  });

  test('not when the engine fails in a way that may pass: it is called again', async () => {
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
    expectFreed(scene);
  });

  test('when the engine cannot begin, without showing anybody what it threw', async () => {
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
    expectFreed(scene);
  });

  test('when its speaker leaves the room, also with last words', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'goodbye' }] });
    const watch = await scene.watch(scene.ada);
    scene.push(scene.ben, await scene.start(scene.ben), 0);
    await scene.rooms.leave(scene.ben, scene.roomId);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended left_room']);
    expect((await scene.messages.list(scene.ada, scene.roomId, { limit: 5 })).items[0]?.text).toBe('goodbye');
    await watch.leave();
    expectFreed(scene);
  });
});

describe('by the clock, a speech stream', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED.toFake] }));
  afterEach(() => void vi.useRealTimers());

  test('that gets no chunk for 3 s is cut off, and after 20 s at its end; a chunk starts the count anew', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    await pass(19);
    scene.push(scene.ada, streamId, 0);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'recovering network', 'listening']);
    await pass(19);
    expect(states(watch.events).slice(3)).toEqual(['recovering network']);
    await pass(1);
    expect(states(watch.events).slice(4)).toEqual(['ended idle']);
    await watch.leave();
    expectFreed(scene);
  });

  test('whose engine hangs tries again for a while, and shows what was not heard', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 21; seq += 1) scene.push(scene.ada, streamId, seq);
    const stopped = scene.speech.stop(scene.ada, streamId);
    await pass(50);
    expect(await stopped).toMatchObject({ utterances: 0 });
    expect(scene.engine.streams.length).toBeGreaterThan(1);
    const gaps = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance] : []));
    expect(gaps.map(({ gap, text }) => [gap, text])).toEqual([['engine', '']]);
    expect(Date.parse(gaps[0]?.endedAt ?? '') - Date.parse(gaps[0]?.startedAt ?? '')).toBe(2_100);
    await watch.leave();
    expectFreed(scene);
  });

  test('whose engine is slow has all its audio heard, however long that takes', async () => {
    let go = Promise.withResolvers<void>();
    const wrap = (engine: SpeechEngine): SpeechEngine => ({
      ...engine,
      transcribe: (audio, options) =>
        engine.transcribe(
          inSteps(audio, () => go.promise),
          options,
        ),
    });
    const words = ['one', 'two', 'three', 'four'];
    await using scene = await openSpeech({ script: words.map((final) => ({ final })), wrap });
    const streamId = await scene.start(scene.ada);
    for (const seq of words.keys()) scene.push(scene.ada, streamId, seq);
    const stopped = scene.speech.stop(scene.ada, streamId);
    for (const _ of words) {
      await pass(8);
      go.resolve();
      go = Promise.withResolvers();
    }
    await settled();
    go.resolve();
    expect((await stopped).utterances).toBe(4);
    expectFreed(scene);
  });

  test('whose engine cannot follow does not end as idle while its speaker goes on', async () => {
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
      await pass(1);
      expect(() => scene.push(scene.ada, streamId, 33, second)).toThrowError(
        expect.objectContaining({ reason: 'engine_behind', retryable: true }),
      );
    }
    const stopped = scene.speech.stop(scene.ada, streamId);
    await pass(120);
    await stopped;
  });

  test('leaves no timer behind but the one that forgets it a minute later', async () => {
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
  test('lets every stream say its last words, and takes no new one', async () => {
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
    expectFreed(scene);
  });

  test('cuts off an engine that takes too long', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    scene.push(scene.ada, await scene.start(scene.ada), 0);
    await scene.speech.close(1);
    expectFreed(scene);
  });
});
