import { Transform } from 'node:stream';
import { StartStreamTranscriptionCommand } from '@aws-sdk/client-transcribe-streaming';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAwsClient } from '../../aws/client.ts';
import { chunked } from '../audio.ts';
import { decodeMessage, encodeMessage } from './eventStream.ts';
import { ScriptedRecognizer } from './scriptedRecognizer.ts';
import { singUtterance, ToneRecognizer } from './toneRecognizer.ts';
import { startTranscribeServer, TEST_CREDENTIALS, type TranscribeServer } from './transcribeServer.ts';

const RATE = 16_000;
const CHUNKS = chunked(singUtterance('go forward ten meters', RATE), 100, RATE);

/** What becomes of one signed frame of the SDK on its way: the frames that arrive in its place. */
type Tamper = (frame: Buffer, index: number) => Buffer[];

let server: TranscribeServer;
beforeEach(async () => {
  server = await startTranscribeServer();
});
afterEach(() => server.close());

/** Sends audio with the SDK, whose signed frames pass through `tamper`; answers the last transcript. */
async function transcribe(tamper: Tamper, credentials = TEST_CREDENTIALS): Promise<string | undefined> {
  const client = createAwsClient({ region: 'eu-west-1', endpoint: server.url, credentials });
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: NodeJS.ReadableStream };
      request.body = request.body.pipe(tampering(tamper));
      return next(args);
    },
    // After everything that signs.
    { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
  );
  const answer = await client.send(
    new StartStreamTranscriptionCommand({
      LanguageCode: 'en-US',
      MediaEncoding: 'pcm',
      MediaSampleRateHertz: RATE,
      AudioStream: (async function* () {
        for (const chunk of CHUNKS) yield { AudioEvent: { AudioChunk: chunk } };
      })(),
    }),
  );
  let text: string | undefined;
  for await (const { TranscriptEvent: event } of answer.TranscriptResultStream ?? []) {
    text = event?.Transcript?.Results?.[0]?.Alternatives?.[0]?.Transcript;
  }
  client.destroy();
  return text;
}

function tampering(tamper: Tamper): Transform {
  let index = 0;
  return new Transform({
    objectMode: true,
    transform(frame: Uint8Array, _, done) {
      for (const out of tamper(Buffer.from(frame), index)) this.push(out);
      index += 1;
      done();
    },
  });
}

/** Turns one bit of the audio over; both checksums are right again afterwards. */
function altered(frame: Buffer): Buffer {
  const outer = decodeMessage(frame);
  const inner = decodeMessage(outer.body);
  const body = Buffer.from(inner.body);
  body.writeUInt8(body.readUInt8(10) ^ 1, 10);
  return encodeMessage({ ...outer, body: encodeMessage({ ...inner, body }) });
}

describe('the server that stands in for Amazon Transcribe', () => {
  test('hears what the SDK signed', async () => {
    expect(await transcribe((frame) => [frame])).toBe('go forward ten meters.');
  });

  const third = (change: (frame: Buffer) => Buffer[]): Tamper => {
    return (frame, index) => (index === 2 ? change(frame) : [frame]);
  };
  test.each<[string, Tamper, RegExp]>([
    ['left out', third(() => []), /signature does not match/],
    ['sent twice', third((frame) => [frame, frame]), /signature does not match/],
    ['altered', third((frame) => [altered(frame)]), /signature does not match/],
    ['damaged', third((frame) => [Buffer.from(frame).fill(0, 40, 44)]), /wrong checksum/],
  ])('refuses the stream once a frame is %s', async (_, tamper, message) => {
    await expect(transcribe(tamper)).rejects.toThrow(message);
  });

  test('refuses a request that somebody else signed', async () => {
    const forged = { ...TEST_CREDENTIALS, secretAccessKey: 'guessed' };
    await expect(transcribe((frame) => [frame], forged)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('its recognizer', () => {
  const hear = (chunks: Uint8Array[]) => {
    const recognizer = new ToneRecognizer(RATE);
    const heard = [
      ...chunks.flatMap((chunk) => [...recognizer.hear(Buffer.from(chunk))]),
      ...recognizer.end(),
    ];
    return heard.flatMap(({ word }) => word ?? []).join(' ');
  };
  const [go, forward, ten, meters, ...silence] = CHUNKS as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

  test('notices a chunk that is lost, doubled or moved', () => {
    expect(hear([go, forward, ten, meters, ...silence])).toBe('go forward ten meters');
    expect(hear([go, ten, meters, ...silence])).toBe('go ten meters');
    expect(hear([go, forward, forward, ten, meters, ...silence])).toBe('go forward forward ten meters');
    expect(hear([go, ten, forward, meters, ...silence])).toBe('go ten forward meters');
  });

  test('finds the words wherever they begin, and does not need silence after them', () => {
    expect(hear([new Uint8Array(2 * 777), go, forward, ten, meters])).toBe('go forward ten meters');
  });
});

test('its script goes by the length of the audio alone', () => {
  const recognizer = new ScriptedRecognizer(RATE);
  const heard = chunked(new Uint8Array(2 * RATE * 5), 130, RATE).flatMap((pcm) => [
    ...recognizer.hear(Buffer.from(pcm)),
  ]);
  expect(heard.slice(0, 2)).toEqual([
    { word: 'go', start: 0, end: 0.4 },
    { word: 'forward', start: 0.4, end: 0.8 },
  ]);
  expect(heard).toHaveLength(12);
  expect(heard.filter(({ word }) => word === null)).toHaveLength(2);
});
