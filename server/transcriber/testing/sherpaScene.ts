import { expect } from 'vitest';
import { createSherpaEngine, type SherpaOptions } from '../sherpa/engine.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import { chunked } from './audio.ts';
import { AudioSource } from './audioSource.ts';
import { childrenRunning } from './childrenRunning.ts';
import { finalsOf } from './engineEvents.ts';
import { singTokens, TONE_DIRECTORY, TONE_MODEL } from './toneModel.ts';

/** What the tests of the local engine share: a tiny model that hears tones as words, and what is sung to it. */
export const RATE = 16_000;
export const POLL = { interval: 10, timeout: 10_000 };

export function childPids(): number[] {
  return childrenRunning('sherpa/child');
}

export function createEngine(options: Partial<SherpaOptions> = {}): SpeechEngine {
  return createSherpaEngine({ model: TONE_MODEL, directory: TONE_DIRECTORY, ...options });
}

/** Ends an engine, which leaves no process behind. */
export async function close(engine: SpeechEngine): Promise<void> {
  await engine.close();
  await expect.poll(childPids, POLL).toEqual([]);
}

export function transcribe(by: SpeechEngine, audio: AsyncIterable<AudioChunk>, language = 'en-US') {
  return by.transcribe(audio, { language, sampleRate: RATE, signal: new AbortController().signal });
}

export function chunksOf(pcm: Uint8Array): AudioChunk[] {
  return chunked(pcm, 100, RATE);
}

export function singing(tokens: string): AudioChunk[] {
  return chunksOf(singTokens(tokens, RATE));
}

/** What is heard of a song that ends. */
export async function heardOf(by: SpeechEngine, tokens: string): Promise<string[]> {
  return textsOf(await finalsOf(transcribe(by, new AudioSource(singing(tokens)))));
}

export function textsOf(finals: TranscriptEvent[]): string[] {
  return finals.map(({ text }) => text);
}
