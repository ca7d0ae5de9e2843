import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { binaryClient, httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { chunked } from '../transcriber/testing/audio.ts';
import { alsaClips, CLIP_RATE, toSamples } from '../transcriber/testing/recordings.ts';

const [clip] = alsaClips();
const voice = toSamples(clip?.samples ?? new Float64Array());
const later = (sample: number) => voice[sample - 4_000] ?? 0;
const bytesOf = (samples: Int16Array | Float32Array) => new Uint8Array(samples.buffer);
const withHeader = (header: string) => Buffer.concat([Buffer.from(header, 'latin1'), bytesOf(voice)]);

const REFUSED: [string, Uint8Array, RegExp][] = [
  ['32-bit floats', bytesOf(Float32Array.from(voice, (sample) => sample / 32_768)), /floating-point/],
  ['8-bit samples', Uint8Array.from(voice, (sample) => 128 + (sample >> 7)), /8-bit/],
  ['big-endian samples', Buffer.from(bytesOf(voice)).swap16(), /big-endian/],
  ['two channels', bytesOf(interleaved(later)), /two channels/],
  ['one channel of two', bytesOf(interleaved(() => 0)), /two channels/],
  ['a WAV file', withHeader('RIFF\x24\x00\x00\x00WAVEfmt '), /WAV/],
  ['Opus in Ogg', withHeader('OggS\x00\x02'), /Ogg/],
  ['Opus in WebM', withHeader('\x1aE\xdf\xa3'), /WebM/],
];
const ACCEPTED: [string, Uint8Array][] = [
  ['a voice', bytesOf(voice)],
  ['a voice with drop-outs', bytesOf(voice.map((sample, i) => (i % 640 < 320 ? 0 : sample)))],
  ['a voice with a large offset', bytesOf(voice.map((sample) => Math.min(32_767, sample + 25_000)))],
  ['a voice that clips', bytesOf(toSamples(clip?.samples ?? new Float64Array(), 40))],
  ['a telephone of 8 kHz with each sample repeated', bytesOf(voice.map((_, i) => voice[i - (i % 2)] ?? 0))],
];

function interleaved(right: (sample: number) => number): Int16Array {
  return Int16Array.from({ length: 2 * voice.length }, (_, i) =>
    i % 2 ? right(i >> 1) : (voice[i >> 1] ?? 0),
  );
}

describe.each([
  ['HTTP', (url: string, token: string) => ({ trpc: httpClient(url, token), close: async () => {} })],
  ['a WebSocket', (url: string, token: string) => binaryClient(url, token)],
])('over %s', (_, open) => {
  let server: LiveServer;
  beforeAll(async () => {
    server = await openServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Everybody has a limit of streams, so each microphone is a new person's. */
  async function push(pcm: Uint8Array): Promise<void> {
    const { trpc, close } = open(server.url, (await server.enter('Ada')).token);
    const { id: roomId } = await trpc.rooms.create.mutate({ name: 'Hall' });
    const start = { roomId, language: 'en-US', sampleRate: CLIP_RATE };
    const { streamId } = await trpc.transcripts.start.mutate(start);
    await using _ = { [Symbol.asyncDispose]: close };
    for (const [seq, chunk] of chunked(pcm, 100, CLIP_RATE).entries()) {
      await trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: chunk }));
    }
  }

  test.each(REFUSED)('%s are refused by name', async (_, pcm, message) => {
    await expect(push(pcm)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      data: { code: 'BAD_REQUEST', reason: 'not_pcm', retryable: false },
    });
  });

  test.each(ACCEPTED)('%s is accepted', async (_, pcm) => {
    await push(pcm);
  });
});
