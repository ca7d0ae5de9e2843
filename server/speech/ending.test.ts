import { describe, expect, test } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { settled } from '../../testing/settled.ts';
import { expectReleased, openSpeech, statesOf } from '../../testing/speech/speechScene.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';

const ENDED = expect.objectContaining({ type: 'stream', state: 'ended' });

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
    expect(statesOf(watch.events)).toEqual(['listening', 'ended stopped']);
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
    expect(statesOf(watch.events)).toEqual(['listening', 'ended engine_gone']);
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
      .poll(() => statesOf(watch.events))
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
    await expect.poll(() => statesOf(watch.events)).toEqual(['listening', 'ended no_key']);
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
    expect(statesOf(watch.events)).toEqual(['listening', 'ended left_room']);
    expect((await scene.messages.list(scene.ada, scene.roomId, { limit: 5 })).items[0]?.text).toBe('goodbye');
    await watch.leave();
    expectReleased(scene);
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
    expect(statesOf(watch.events).slice(2)).toEqual(['ended server_stopping', 'ended server_stopping']);
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
