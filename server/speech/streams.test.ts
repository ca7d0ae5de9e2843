import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { openSpeech, SAMPLE_RATE, type SpeechScene } from '../../testing/speech/speechScene.ts';
import { openGate } from './microphone/openGate.ts';
import { SpeechStream } from './stream.ts';
import { Streams } from './streams.ts';

/** A speech stream that is in no registry yet. */
function streamOf(scene: SpeechScene, userId: string, streamId = `stream of ${userId}`): SpeechStream {
  const { choice, ...parts } = scene.parts;
  if (!choice.engine) throw new Error('The scene has no engine.');
  return new SpeechStream(
    { streamId, roomId: scene.roomId, engine: choice.engine.name, speaker: { id: userId, name: userId } },
    { language: 'en-US', sampleRate: SAMPLE_RATE, gate: openGate() },
    { ...parts, engine: choice.engine, fallback: null },
  );
}

const open = (scene: SpeechScene) => new Streams(scene.bus, scene.parts.watch);
const stopping = { reason: 'server_stopping' };

describe('the streams of a process', () => {
  test('are at most a thousand, whoever opens them', async () => {
    await using scene = await openSpeech();
    const streams = open(scene);
    for (let i = 0; i < 999; i += 1) streams.add(streamOf(scene, `user ${i}`));
    streams.checkLimits('one more');
    streams.add(streamOf(scene, 'one more'));
    expect(() => streams.checkLimits('too many')).toThrowError(
      expect.objectContaining({ reason: 'speech_busy', retryable: true }),
    );
    await streams.finishAll(stopping, 10_000);
  });

  test('free their place when they are over', async () => {
    await using scene = await openSpeech();
    const streams = open(scene);
    for (const id of ['1', '2', '3']) streams.add(streamOf(scene, 'ada', id));
    expect(() => streams.checkLimits('ada')).toThrowError(expect.objectContaining({ reason: 'speech_busy' }));
    await streams.openStreamOf('ada')?.finish({ reason: 'stopped' });
    await settled();
    streams.checkLimits('ada');
    await streams.finishAll(stopping, 10_000);
  });

  test('do not end when somebody else leaves the room', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    await scene.rooms.leave(scene.ben, scene.roomId);
    expect(scene.push(scene.ada, streamId, 0)).toBe(1);
  });

  test('watch the membership of their speaker until they are over', async () => {
    await using scene = await openSpeech();
    const watched = new Set<string>();
    const streams = new Streams(scene.bus, (_, userId) => {
      watched.add(userId);
      return () => void watched.delete(userId);
    });
    for (const id of ['ada', 'ben']) streams.add(streamOf(scene, id));
    expect([...watched]).toEqual(['ada', 'ben']);
    await streams.openStreamOf('ada')?.finish({ reason: 'stopped' });
    await settled();
    expect([...watched]).toEqual(['ben']);
    await streams.finishAll(stopping, 10_000);
  });

  test('keep no timer of an ended stream after the process has finished them all', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await using scene = await openSpeech();
      const streams = open(scene);
      const before = vi.getTimerCount();
      const stream = streamOf(scene, 'ada');
      streams.add(stream);
      await stream.finish({ reason: 'stopped' });
      await settled();
      streams.add(streamOf(scene, 'ben'));
      await streams.finishAll(stopping, 10_000);
      await settled();
      expect(vi.getTimerCount()).toBe(before);
    } finally {
      vi.useRealTimers();
    }
  });
});
