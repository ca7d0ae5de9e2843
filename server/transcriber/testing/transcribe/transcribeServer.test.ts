import { Transform } from 'node:stream';
import { StartStreamTranscriptionCommand } from '@aws-sdk/client-transcribe-streaming';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAwsClient } from '../../aws/client.ts';
import { chunked } from '../audio.ts';
import { decodeMessage, encodeMessage } from './eventStream.ts';
import { ScriptedRecognizer } from './scriptedRecognizer.ts';
import { synthesizeUtterance, ToneRecognizer } from './toneRecognizer.ts';
import { startTranscribeServer, TEST_CREDENTIALS, type TranscribeServer } from './transcribeServer.ts';

const RATE = 16_000;
const CHUNKS = chunked(synthesizeUtterance('go forward ten meters', RATE), 100, RATE);

/** Changes a signed frame of the SDK on its way: returns the frames that arrive in its place. */
type Tamper = (frame: Buffer, index: number) => Buffer[];

let server: TranscribeServer;
beforeEach(async () => {
  server = await startTranscribeServer();
});
afterEach(() => server.close());

/** Sends audio with the SDK and passes its signed frames through `tamper`. Returns the last transcript. */
async function transcribe(tamper: Tamper, credentials = TEST_CREDENTIALS): Promise<string | undefined> {
  const client = createAwsClient({ region: 'eu-west-1', endpoint: server.url, credentials });
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: NodeJS.ReadableStream };
      request.body = request.body.pipe(tampering(tamper));
      return next(args);
    },
    // This must run after all middleware that signs.
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

/** Flips one bit of the audio and corrects both checksums. */
function altered(frame: Buffer): Buffer {
  const outer = decodeMessage(frame);
  const inner = decodeMessage(outer.body);
  const body = Buffer.from(inner.body);
  body.writeUInt8(body.readUInt8(10) ^ 1, 10);
  return encodeMessage({ ...outer, body: encodeMessage({ ...inner, body }) });
}

describe('the test server for Amazon Transcribe', () => {
  test('accepts and recognises the frames that the SDK signed', async () => {
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

  test('refuses a request with a forged signature', async () => {
    const forged = { ...TEST_CREDENTIALS, secretAccessKey: 'guessed' };
    await expect(transcribe((frame) => [frame], forged)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('the tone recognizer', () => {
  const recognize = (chunks: Uint8Array[]) => {
    const recognizer = new ToneRecognizer(RATE);
    const recognized = [
      ...chunks.flatMap((chunk) => [...recognizer.recognize(Buffer.from(chunk))]),
      ...recognizer.end(),
    ];
    return recognized.flatMap(({ word }) => word ?? []).join(' ');
  };
  const [go, forward, ten, meters, ...silence] = CHUNKS as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

  test('notices a chunk that is lost, doubled or moved', () => {
    expect(recognize([go, forward, ten, meters, ...silence])).toBe('go forward ten meters');
    expect(recognize([go, ten, meters, ...silence])).toBe('go ten meters');
    expect(recognize([go, forward, forward, ten, meters, ...silence])).toBe('go forward forward ten meters');
    expect(recognize([go, ten, forward, meters, ...silence])).toBe('go ten forward meters');
  });

  test('finds words that begin at any sample, and needs no silence after them', () => {
    expect(recognize([new Uint8Array(2 * 777), go, forward, ten, meters])).toBe('go forward ten meters');
  });
});

test('the scripted recognizer depends on the length of the audio only', () => {
  const recognizer = new ScriptedRecognizer(RATE);
  const recognized = chunked(new Uint8Array(2 * RATE * 5), 130, RATE).flatMap((pcm) => [
    ...recognizer.recognize(Buffer.from(pcm)),
  ]);
  expect(recognized.slice(0, 2)).toEqual([
    { word: 'go', start: 0, end: 0.4 },
    { word: 'forward', start: 0.4, end: 0.8 },
  ]);
  expect(recognized).toHaveLength(12);
  expect(recognized.filter(({ word }) => word === null)).toHaveLength(2);
});
