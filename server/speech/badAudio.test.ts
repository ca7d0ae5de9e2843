import { describe, expect, test } from 'vitest';
import { openSpeech, pcmOf, SAMPLE_RATE, type SpeechScene } from '../../testing/speech/speechScene.ts';
import { chunked } from '../transcriber/testing/audio.ts';
import { alsaClips } from '../transcriber/testing/recordings.ts';
import { VoiceGate } from './microphone/voiceGate.ts';

const [clip] = alsaClips();
/** A real voice, -1 to 1. */
const voice = Float64Array.from(clip?.samples ?? [], (sample) => sample / 32_768);

const bytesOf = (samples: Int16Array | Float32Array) => new Uint8Array(samples.buffer);
const toPcm = (samples: Float64Array) => Int16Array.from(samples, (sample) => Math.round(32_767 * sample));
/** The voice on the left channel, and on the right one the voice a quarter of a second later. */
const stereo = (samples: Int16Array) =>
  Int16Array.from({ length: 2 * samples.length }, (_, i) => samples[(i >> 1) - (i % 2) * 4_000] ?? 0);

/** Speech with the real voice gate. */
const open = () => openSpeech({ newGate: (sampleRate) => new VoiceGate({ sampleRate }) });

/** Pushes audio in chunks of 100 ms. @returns the sequence number of the next chunk. */
function pushAll(scene: SpeechScene, streamId: string, pcm: Uint8Array, from = 0): number {
  return chunked(pcm, 100, SAMPLE_RATE).reduce(
    (seq, chunk) => scene.push(scene.ada, streamId, seq, chunk),
    from,
  );
}

/** Checks that a new stream still passes a voice to the engine. */
async function expectVoicePasses(scene: SpeechScene): Promise<void> {
  const streamId = await scene.start(scene.ada, { takeOver: true });
  pushAll(scene, streamId, bytesOf(toPcm(voice)));
  await scene.speech.stop(scene.ada, streamId);
  expect(scene.engine.streams.at(-1)?.pcm.length).toBeGreaterThan(0);
}

describe('audio in a wrong format is refused with a message that names the format', () => {
  const wav = Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt '), bytesOf(toPcm(voice))]);
  test.each([
    ['a WAV file', wav, /WAV file/],
    ['32-bit floats', bytesOf(Float32Array.from(voice)), /floating-point/],
    ['two channels', bytesOf(stereo(toPcm(voice))), /two channels/],
  ])('%s', async (_, bytes, message) => {
    await using scene = await open();
    const streamId = await scene.start(scene.ada);
    expect(() => pushAll(scene, streamId, bytes)).toThrowError(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        reason: 'not_pcm',
        retryable: false,
        message: expect.stringMatching(message),
      }),
    );
    await expectVoicePasses(scene);
  });

  test('voices, silence, hum, noise and a constant offset are not refused', async () => {
    await using scene = await open();
    const hum = Int16Array.from({ length: SAMPLE_RATE }, (_, i) => 8_000 * Math.sin(i / 50));
    const square = Int16Array.from({ length: SAMPLE_RATE }, (_, i) => (i % 40 < 20 ? 32_767 : -32_768));
    const voices = alsaClips().map(({ samples }) => Int16Array.from(samples));
    const loud = alsaClips().map(({ samples }) => Int16Array.from(samples, clip16(20)));
    for (const samples of [...voices, ...loud, hum, square, fullScaleNoise(1)]) {
      const streamId = await scene.start(scene.ada, { takeOver: true });
      pushAll(scene, streamId, bytesOf(samples));
      await scene.speech.stop(scene.ada, streamId);
    }
    for (const sample of [0, 2_000]) {
      const streamId = await scene.start(scene.ada, { takeOver: true });
      pushAll(scene, streamId, pcmOf(1_000, sample));
      await scene.speech.stop(scene.ada, streamId);
    }
  });
});

describe('audio without speech costs nothing', () => {
  test('all-zero audio never reaches an engine', async () => {
    await using scene = await open();
    const streamId = await scene.start(scene.ada);
    pushAll(scene, streamId, pcmOf(30_000));
    expect(await scene.speech.stop(scene.ada, streamId)).toEqual({
      ...{ utterances: 0, billedSeconds: 0 },
      audioSeconds: 30,
    });
    expect(scene.engine.streams).toEqual([]);
    await expectVoicePasses(scene);
  });

  test('full-scale noise soon reaches no engine, and a voice after it does', async () => {
    await using scene = await open();
    const streamId = await scene.start(scene.ada);
    let next = 0;
    for (let part = 0; part < 6; part += 1) {
      next = pushAll(scene, streamId, bytesOf(fullScaleNoise(10)), next);
      await new Promise(setImmediate);
    }
    const { audioSeconds, billedSeconds } = await scene.speech.stop(scene.ada, streamId);
    expect(audioSeconds).toBe(60);
    expect(billedSeconds).toBeLessThan(20);
    await expectVoicePasses(scene);
  });
});

test('chunks after the end are refused with the reason of the end', async () => {
  await using scene = await open();
  const streamId = await scene.start(scene.ada);
  await scene.speech.stop(scene.ada, streamId);
  expect(() => scene.push(scene.ada, streamId, 0)).toThrowError(
    expect.objectContaining({ reason: 'stream_ended', details: { endedBecause: 'stopped' } }),
  );
  expect(() => scene.speech.resume(scene.ada, streamId, false)).toThrowError(
    expect.objectContaining({ reason: 'stream_ended' }),
  );
});

function clip16(gain: number): (sample: number) => number {
  return (sample) => Math.max(-32_768, Math.min(32_767, Math.round(gain * sample)));
}

function fullScaleNoise(seconds: number): Int16Array {
  let state = 1;
  return Int16Array.from({ length: seconds * SAMPLE_RATE }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) - 32_768;
  });
}
