import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter } from '../bench/person.ts';
import { encodeChunk } from '../contract/chunk.ts';
import { startServerProcess, temporaryDatabase } from '../testing/serverProcess.ts';
import { pcmOf, SAMPLE_RATE } from '../testing/speech/speechScene.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
  type TranscribeServer,
} from './transcriber/testing/transcribe/transcribeServer.ts';

let service: TranscribeServer;
beforeAll(async () => {
  service = await startTranscribeServer();
});
afterAll(() => service.close());

/** Sends two seconds of silence to a server process. @returns what the engine charged for. */
async function billedForSilence(env: NodeJS.ProcessEnv): Promise<number> {
  const database = temporaryDatabase();
  const server = await startServerProcess({
    DATABASE_URL: database.url,
    SPEECH_ENGINE: 'aws',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: service.url,
    ...env,
  });
  const ada = await enter(server.url, 'Ada');
  const { id: roomId } = await ada.trpc.rooms.create.mutate({ name: 'Hall' });
  const start = { roomId, language: 'en-US', sampleRate: SAMPLE_RATE };
  const { streamId } = await ada.trpc.transcripts.start.mutate(start);
  for (const seq of [0, 1]) {
    await ada.trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: pcmOf(1_000) }));
  }
  const { billedSeconds } = await ada.trpc.transcripts.stop.mutate({ streamId });
  await ada.leave();
  await server.stop();
  database.remove();
  return billedSeconds;
}

test('SPEECH_GATE decides whether silence reaches the engine; by default it does not', async () => {
  expect(await billedForSilence({})).toBe(0);
  expect(await billedForSilence({ SPEECH_GATE: 'off' })).toBe(15);
}, 60_000);
