import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { AppError } from '../../contract/errors.ts';
import type { Store } from '../../db/store.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech, pcmOf, SAMPLE_RATE } from '../../testing/speech/speechScene.ts';
import { suspendingGate } from '../../testing/speech/suspendingGate.ts';
import { Microphone } from './microphone/microphone.ts';

/** The first sample of each chunk that an engine got. */
const firstSamples = (pcm: Uint8Array[] = []) => pcm.map((bytes) => new Int16Array(bytes.slice().buffer)[0]);

describe('a speech stream', () => {
  test('acks each chunk with the next number, and gives each chunk to the engine once, in order', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    const acks = [0, 2, 3, 0, 1, 3, 4].map((seq) =>
      scene.push(scene.ada, streamId, seq, pcmOf(100, seq + 1)),
    );
    expect(acks).toEqual([1, 1, 1, 1, 4, 4, 5]);
    const summary = await scene.speech.stop(scene.ada, streamId);
    expect(firstSamples(scene.engine.streams[0]?.pcm)).toEqual([1, 2, 3, 4, 5]);
    expect(summary).toEqual({ utterances: 0, audioSeconds: 0.5, billedSeconds: 0.5 });
  });

  test('gives early chunks to the engine when it ends, although chunks before them are missing', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 3, 2]) scene.push(scene.ada, streamId, seq, pcmOf(100, seq + 1));
    const { audioSeconds } = await scene.speech.stop(scene.ada, streamId);
    expect(firstSamples(scene.engine.streams[0]?.pcm)).toEqual([1, 3, 4]);
    expect(audioSeconds).toBeCloseTo(0.3);
  });

  test.each([0, 10])(
    'has the times of its audio although its start waited for the database (%s s behind)',
    async (behind) => {
      let asked = 0;
      const slow = (store: Store): Partial<Store> => ({
        async addStream(stream) {
          asked = performance.timeOrigin + performance.now();
          await sleep(200);
          return store.addStream(stream);
        },
      });
      await using scene = await openSpeech({ script: [{ final: 'hello' }], alter: slow });
      const streamId = await scene.start(scene.ada, { behindSeconds: behind });
      scene.push(scene.ada, streamId, 0);
      await scene.speech.stop(scene.ada, streamId);
      const [spoken] = (await scene.speech.list(scene.ada, { roomId: scene.roomId, limit: 1 })).items;
      expect(Date.parse(spoken?.startedAt ?? '')).toBeLessThanOrEqual(asked - 1_000 * behind);
    },
  );

  test('does not change with the bytes of the socket after a push', async () => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    for (const seq of [1, 0]) {
      const frame = Buffer.from(encodeChunk({ streamId, seq, pcm: pcmOf(100, seq + 1) }));
      scene.speech.push(scene.ada, frame);
      frame.fill(0xff);
    }
    await scene.speech.stop(scene.ada, streamId);
    expect(firstSamples(scene.engine.streams[0]?.pcm)).toEqual([1, 2]);
  });

  test.each([
    ['empty', 'BAD_REQUEST', 'chunk_empty', 0, new Uint8Array()],
    ['with half a sample', 'BAD_REQUEST', 'chunk_odd', 0, new Uint8Array(3_201)],
    ['over a second long', 'PAYLOAD_TOO_LARGE', 'chunk_too_long', 0, new Uint8Array(2 * SAMPLE_RATE + 2)],
    ['out of the window', 'BAD_REQUEST', 'chunk_out_of_window', 65, pcmOf(100)],
  ])('refuses a chunk that is %s, uses up no number, and goes on', async (_, code, reason, seq, pcm) => {
    await using scene = await openSpeech();
    const streamId = await scene.start(scene.ada);
    expect(() => scene.push(scene.ada, streamId, seq, pcm)).toThrowError(
      expect.objectContaining({ code, reason, retryable: false }),
    );
    expect(scene.push(scene.ada, streamId, 0)).toBe(1);
    expect(scene.push(scene.ada, streamId, 1, pcmOf(1_000))).toBe(2);
    expect((await scene.speech.stop(scene.ada, streamId)).audioSeconds).toBeCloseTo(1.1);
  });

  test.each([
    ['too short', new Uint8Array(23)],
    ['empty', new Uint8Array()],
    ['of an unknown kind', new Uint8Array(64).fill(1)],
  ])('refuses bytes that are %s as malformed', async (_, bytes) => {
    await using scene = await openSpeech();
    expect(() => scene.speech.push(scene.ada, bytes)).toThrowError(
      expect.objectContaining({ code: 'BAD_REQUEST', reason: 'chunk_malformed' }),
    );
  });

  test('refuses chunks for a moment while the engine is half a minute behind', async () => {
    await using scene = await openSpeech({ script: ['hang'] });
    const streamId = await scene.start(scene.ada);
    const second = pcmOf(1_000);
    scene.push(scene.ada, streamId, 0, second);
    await settled();
    for (let seq = 1; seq <= 31; seq += 1) scene.push(scene.ada, streamId, seq, second);
    expect(() => scene.push(scene.ada, streamId, 32, second)).toThrowError(
      expect.objectContaining({
        code: 'TOO_MANY_REQUESTS',
        reason: 'engine_behind',
        retryable: true,
        retryAfterMs: 500,
      }),
    );
  });

  test('adds up the billed seconds of its segments', async () => {
    await using scene = await openSpeech({ newGate: suspendingGate });
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1, 2, 3]) scene.push(scene.ada, streamId, seq, pcmOf(100, seq === 1 ? 0 : 1));
    const { audioSeconds, billedSeconds } = await scene.speech.stop(scene.ada, streamId);
    expect(scene.engine.streams).toHaveLength(2);
    expect([audioSeconds, billedSeconds]).toEqual([0.4, expect.closeTo(0.3)]);
  });

  test('gives the engine no more audio while too many utterances wait for the database', async () => {
    const away = new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
    const script = Array.from({ length: 600 }, (_, i) => ({ final: `number ${i}` }));
    await using scene = await openSpeech({
      script,
      alter: () => ({ commitChanges: () => Promise.reject(away) }),
    });
    const streamId = await scene.start(scene.ada);
    for (const seq of script.keys()) {
      scene.push(scene.ada, streamId, seq, pcmOf(10));
      await settled();
    }
    // 100 utterances wait in the writer, and 256 events in front of it.
    expect(scene.engine.streams[0]?.pcm.length).toBeGreaterThan(100);
    expect(scene.engine.streams[0]?.pcm.length).toBeLessThan(400);
  });

  test('frees its audio as soon as no engine needs it', async () => {
    const freeBefore = vi.spyOn(Microphone.prototype, 'freeBefore');
    await using scene = await openSpeech({ script: [{ final: 'one' }, { final: 'two' }] });
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1]) {
      scene.push(scene.ada, streamId, seq, pcmOf(1_000));
      await settled();
    }
    expect(freeBefore).toHaveBeenLastCalledWith(2 * SAMPLE_RATE);
    freeBefore.mockRestore();
  });
});
