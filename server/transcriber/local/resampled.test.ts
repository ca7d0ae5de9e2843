import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tone } from '../testing/audio.ts';
import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';
import type { StreamDecoder } from './child.ts';
import { toFloats } from './pcm.ts';
import { resampled } from './resampled.ts';

const TARGET = 16_000;

/** Records the audio it gets. Each chunk and the end make one event. */
function recorder() {
  const chunks: AudioChunk[] = [];
  const event = (utteranceId: string) => [{ utteranceId } as TranscriptEvent];
  const decoder: StreamDecoder = {
    decode(chunk) {
      chunks.push(chunk);
      return event(`${chunks.length}`);
    },
    end: () => event('end'),
  };
  return { decoder, chunks, heard: () => Buffer.concat(chunks) };
}

async function hear(pcm: Uint8Array, fromRate: number, sizes: number[]) {
  const { decoder, chunks, heard } = recorder();
  const wrapped = resampled(decoder, { fromRate, toRate: TARGET });
  const events: TranscriptEvent[] = [];
  for (let at = 0, i = 0; at < pcm.length; i += 1) {
    const bytes = 2 * (sizes[i % sizes.length] as number);
    events.push(...(await wrapped.decode(pcm.subarray(at, at + bytes))));
    at += bytes;
  }
  events.push(...(await wrapped.end()));
  return { chunks, heard: heard(), ids: events.map(({ utteranceId }) => utteranceId) };
}

test.each([8_000, 9_999, 22_050, 48_000])(
  'at %i Hz the decoder hears the same in any pieces, never an empty one, and every event comes back in order',
  async (rate) => {
    const pcm = tone(440, 0.2, rate);
    const whole = await hear(pcm, rate, [pcm.length]);
    expect(whole.heard.length / 2).toBe(Math.round((pcm.length / 2 / rate) * TARGET));
    const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (pieces) => {
        const { chunks, heard, ids } = await hear(pcm, rate, pieces);
        expect(heard.equals(whole.heard)).toBe(true);
        expect(chunks.every(({ length }) => length > 0)).toBe(true);
        expect(ids).toEqual([...chunks.map((_, i) => `${i + 1}`), 'end']);
      }),
      { numRuns: 15 },
    );
  },
);

test.each([8_000, 44_100])(
  'at %i Hz the filter overshoots a full-scale square; it is clipped',
  async (rate) => {
    // 50 Hz: long enough for the level to settle between the steps.
    const square = Int16Array.from({ length: rate / 2 }, (_, i) =>
      Math.floor((100 * i) / rate) % 2 ? -32_768 : 32_767,
    );
    const { heard } = await hear(new Uint8Array(square.buffer), rate, [rate / 10]);
    const samples = [...toFloats(heard)];
    expect(Math.max(...samples)).toBe(32_767 / 32_768);
    expect(Math.min(...samples)).toBe(-1);
    // The steps themselves take a few samples. All others are loud, and of the sign of their half wave.
    const isStep = (i: number) => Math.abs((((100 * i) / TARGET + 0.5) % 1) - 0.5) < 0.1;
    const steady = samples.map((sample, i) => (Math.floor((100 * i) / TARGET) % 2 ? -sample : sample));
    for (const [i, sample] of steady.entries()) if (!isStep(i)) expect(sample).toBeGreaterThan(0.9);
  },
);

test('audio at the rate of the decoder goes to it as it is', () => {
  const { decoder } = recorder();
  expect(resampled(decoder, { fromRate: TARGET, toRate: TARGET })).toBe(decoder);
});

test('a stream without audio ends, a close reaches the decoder, and so does its error reach the caller', async () => {
  expect(await hear(new Uint8Array(0), 8_000, [1])).toMatchObject({ chunks: [], ids: ['end'] });

  const { decoder } = recorder();
  let closed = false;
  const broken = {
    ...decoder,
    decode: () => Promise.reject(new Error('the decoder broke')),
    close: () => {
      closed = true;
    },
  };
  const wrapped = resampled(broken, { fromRate: 8_000, toRate: TARGET });
  await expect((async () => wrapped.decode(tone(440, 0.1, 8_000)))()).rejects.toThrow('the decoder broke');
  wrapped.close?.();
  expect(closed).toBe(true);
});
