import { synthesizeUtterance } from '../testing/transcribe/toneRecognizer.ts';
import { startTranscribeServer, TEST_CREDENTIALS } from '../testing/transcribe/transcribeServer.ts';
import { describeTranscriber } from '../testing/transcriberContract.ts';
import { createAwsEngine } from './engine.ts';

const recording = (text: string, language: string, sampleRate = 16_000) => ({
  pcm: synthesizeUtterance(text, sampleRate),
  sampleRate,
  language,
  words: text.split(' '),
});

describeTranscriber('Amazon Transcribe', async () => {
  const server = await startTranscribeServer();
  return {
    engine: createAwsEngine({ region: 'eu-west-1', endpoint: server.url, credentials: TEST_CREDENTIALS }),
    recordings: [
      recording('go forward ten meters', 'en-US'),
      recording('그는 옆으로', 'ko-KR'),
      recording('안녕 hello', 'auto'),
    ],
    recordingAt: (sampleRate) => recording('go forward ten meters', 'en-US', sampleRate),
    openStreams: server.openSessions,
    close: server.close,
  };
});
