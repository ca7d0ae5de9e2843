import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type AwsOptions, createAwsEngine } from '../../aws/engine.ts';
import type { AudioChunk, SpeechEngine, SpeechOptions, TranscriptEvent } from '../../transcriber.ts';
import { chunked } from '../audio.ts';
import { AudioSource } from '../audioSource.ts';
import { synthesizeUtterance } from './toneRecognizer.ts';
import { startTranscribeServer, TEST_CREDENTIALS, type TranscribeServer } from './transcribeServer.ts';

export const RATE = 16_000;
export const SENTENCE = 'go forward ten meters';
export const POLL = { interval: 5, timeout: 10_000 };

type AwsScene = {
  /** Set before the first test. */
  server: TranscribeServer;
  engine: (options?: Partial<AwsOptions>) => SpeechEngine;
  /** Expects that the engine has released the audio and that no connection stays open. */
  expectFreed: (source: AudioSource) => Promise<void>;
};

/** A test server and engines that use it, for the tests of one file. */
export function awsScene(options: Parameters<typeof startTranscribeServer>[0] = {}): AwsScene {
  const engines: SpeechEngine[] = [];
  const scene: AwsScene = {
    server: undefined as unknown as TranscribeServer,
    engine(own = {}) {
      const { url } = scene.server;
      const engine = createAwsEngine({
        region: 'eu-west-1',
        endpoint: url,
        credentials: TEST_CREDENTIALS,
        ...own,
      });
      engines.push(engine);
      return engine;
    },
    async expectFreed(source) {
      expect(source.returned).toBe(true);
      await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
    },
  };
  beforeAll(async () => {
    scene.server = await startTranscribeServer(options);
  });
  afterEach(async () => {
    scene.server.setFault(undefined);
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
  });
  afterAll(() => scene.server.close());
  return scene;
}

/** A sentence of synthetic speech. With `hangs` the audio does not end after it. */
export function speechSource(text = SENTENCE, { hangs = false, pauseSeconds = 0.6 } = {}): AudioSource {
  return new AudioSource(chunked(synthesizeUtterance(text, RATE, pauseSeconds), 100, RATE), { hangs });
}

/** All events that the engine makes of the audio. */
export async function recognize(
  engine: SpeechEngine,
  audio: AsyncIterable<AudioChunk>,
  options: Partial<SpeechOptions & { signal: AbortSignal }> = {},
): Promise<TranscriptEvent[]> {
  const { signal } = new AbortController();
  return Array.fromAsync(
    engine.transcribe(audio, { language: 'en-US', sampleRate: RATE, signal, ...options }),
  );
}
