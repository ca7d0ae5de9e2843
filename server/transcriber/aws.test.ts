import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAwsEngine } from './aws.ts';
import { describeTranscriber } from './contract.ts';
import { chunked } from './testing/audio.ts';
import { AudioSource } from './testing/audioSource.ts';
import { singUtterance } from './testing/toneEar.ts';
import { startTranscribeServer, TEST_CREDENTIALS } from './testing/transcribeServer.ts';

const REGION = 'eu-west-1';
const sung = (text: string, language: string) => ({
  pcm: singUtterance(text, 16_000),
  sampleRate: 16_000,
  language,
  words: text.split(' '),
});

describeTranscriber('Amazon Transcribe', async () => {
  const server = await startTranscribeServer();
  return {
    engine: createAwsEngine({ region: REGION, endpoint: server.url, credentials: TEST_CREDENTIALS }),
    recordings: [
      sung('go forward ten meters', 'en-US'),
      sung('그는 옆으로', 'ko-KR'),
      sung('안녕 hello', 'auto'),
    ],
    openStreams: server.openSessions,
    close: server.close,
  };
});
