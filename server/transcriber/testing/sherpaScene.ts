import { expect } from 'vitest';
import { createSherpaEngine, type SherpaOptions } from '../sherpa/engine.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import { chunked } from './audio.ts';
import { AudioSource } from './audioSource.ts';
import { childrenRunning } from './childrenRunning.ts';
import { finalsOf } from './engineEvents.ts';
import { synthesizeTokens, TONE_DIRECTORY, TONE_MODEL } from './toneModel.ts';

/** Helpers for the tests of sherpa-onnx: a tiny model that takes tones for words, and audio of such tones. */
export const RATE = 16_000;
export const POLL = { interval: 10, timeout: 10_000 };

export function childPids(): number[] {
  return childrenRunning('sherpa/child');
}

export function createEngine(options: Partial<SherpaOptions> = {}): SpeechEngine {
  return createSherpaEngine({ model: TONE_MODEL, directory: TONE_DIRECTORY, ...options });
}

/** Closes an engine and waits until its process is gone. */
export async function close(engine: SpeechEngine): Promise<void> {
  await engine.close();
  await expect.poll(childPids, POLL).toEqual([]);
}

export function transcribe(engine: SpeechEngine, audio: AsyncIterable<AudioChunk>, language = 'en-US') {
  return engine.transcribe(audio, { language, sampleRate: RATE, signal: new AbortController().signal });
}

export function chunksOf(pcm: Uint8Array): AudioChunk[] {
  return chunked(pcm, 100, RATE);
}

export function speechChunks(tokens: string): AudioChunk[] {
  return chunksOf(synthesizeTokens(tokens, RATE));
}

/** The texts of the finals that the engine makes of these tokens. */
export async function recognize(engine: SpeechEngine, tokens: string): Promise<string[]> {
  return textsOf(await finalsOf(transcribe(engine, new AudioSource(speechChunks(tokens)))));
}

export function textsOf(finals: TranscriptEvent[]): string[] {
  return finals.map(({ text }) => text);
}
