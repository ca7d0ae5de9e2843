import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CaptionEvent } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import { settled } from '../testing/settled.ts';
import { openSpeech, pcmOf, type SpeechScene } from '../testing/speechScene.ts';
import type { AudioChunk, SpeechEngine } from '../transcriber/transcriber.ts';

const FAKED = { toFake: ['setTimeout' as const, 'clearTimeout' as const] };

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
    await settled();
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
    expect(scene.log.notes.map(({ message }) => message)).toEqual(['speech engine failed']);
    await watch.leave();
    expectFreed(scene);
  });

  test('when the engine fails in a way that may pass, so that its speaker starts again', async () => {
    const failure = new AppError('SERVICE_UNAVAILABLE', 'engine_busy', 'The engine is busy.', {
      retryable: true,
    });
    await using scene = await openSpeech({ script: [{ fail: failure }] });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await settled();
    expect(() => scene.push(scene.ada, streamId, 1)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended', details: { endedBecause: 'engine_busy' } }),
    );
  });

  test('when the engine throws what it should not, without showing that to anybody', async () => {
    await using scene = await openSpeech({ script: [{ fail: new Error('secret words') }] });
    const watch = await scene.watch(scene.ben);
    scene.push(scene.ada, await scene.start(scene.ada), 0);
    await settled();
    expect(watch.events.at(-1)).toMatchObject({ state: 'ended', reason: 'engine_failed' });
    expect(JSON.stringify(watch.events)).not.toContain('secret');
    await watch.leave();
  });

  test('when the engine stops listening without a word', async () => {
    await using scene = await openSpeech({ script: ['leave'] });
    const watch = await scene.watch(scene.ben);
    scene.push(scene.ada, await scene.start(scene.ada), 0);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended engine_failed']);
    await watch.leave();
    expectFreed(scene);
  });

  test('when the engine throws before it begins', async () => {
    const transcribe = () => {
      throw new AppError('SERVICE_UNAVAILABLE', 'no_key', 'There is no key.');
    };
    await using scene = await openSpeech({ wrap: (engine) => ({ ...engine, transcribe }) });
    const watch = await scene.watch(scene.ben);
    await scene.start(scene.ada);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended no_key']);
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
  beforeEach(() => void vi.useFakeTimers(FAKED));
  afterEach(() => void vi.useRealTimers());

  test('that gets no chunk for 12 s ends as idle; a chunk starts the count anew', async () => {
    await using scene = await openSpeech();
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    vi.advanceTimersByTime(11_999);
    scene.push(scene.ada, streamId, 0);
    vi.advanceTimersByTime(11_999);
    await settled();
    expect(states(watch.events)).toEqual(['listening']);
    vi.advanceTimersByTime(1);
    await settled();
    expect(states(watch.events)).toEqual(['listening', 'ended idle']);
    await watch.leave();
    expectFreed(scene);
  });

  test('whose engine never finishes is cut off 10 s after the last thing it did', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    let summary: unknown;
    void scene.speech.stop(scene.ada, streamId).then((answer) => {
      summary = answer;
    });
    await settled();
    vi.advanceTimersByTime(9_999);
    await settled();
    expect(summary).toBeUndefined();
    vi.advanceTimersByTime(1);
    await settled();
    expect(summary).toMatchObject({ utterances: 0 });
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
      await settled();
      vi.advanceTimersByTime(8_000);
      go.resolve();
      go = Promise.withResolvers();
    }
    await settled();
    go.resolve();
    expect((await stopped).utterances).toBe(4);
    expectFreed(scene);
  });

  test('that is cut off says how much of the speech was lost', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 21; seq += 1) scene.push(scene.ada, streamId, seq);
    void scene.speech.stop(scene.ada, streamId);
    await settled();
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(watch.events.at(-1)).toMatchObject({
      reason: 'engine_failed',
      message: 'The speech engine did not finish; 2 seconds of speech were lost.',
    });
    await watch.leave();
  });

  test('whose engine cannot follow does not end as idle while its speaker goes on', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const streamId = await scene.start(scene.ada);
    const second = pcmOf(1_000);
    for (let seq = 0; seq < 31; seq += 1) scene.push(scene.ada, streamId, seq, second);
    await settled();
    scene.push(scene.ada, streamId, 31, second);
    for (let i = 0; i < 5; i += 1) {
      await settled();
      vi.advanceTimersByTime(5_000);
      expect(() => scene.push(scene.ada, streamId, 32, second)).toThrowError(
        expect.objectContaining({ reason: 'engine_behind', retryable: true }),
      );
    }
    const stopped = scene.speech.stop(scene.ada, streamId);
    await settled();
    vi.advanceTimersByTime(10_000);
    await stopped;
  });

  test('leaves no timer behind but the one that forgets it a minute later', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    await scene.speech.stop(scene.ada, streamId);
    expect(vi.getTimerCount()).toBe(1);
    expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended' }),
    );
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
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
