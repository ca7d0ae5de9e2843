import { createSherpaEngine } from '../sherpa/engine.ts';
import { chunked } from './audio.ts';
import { AudioSource } from './audioSource.ts';
import { childrenRunning } from './childrenRunning.ts';
import { synthesizeTokens, TONE_DIRECTORY, TONE_MODEL } from './toneModel.ts';

/**
 * A process with an open speech stream, for a test that kills it. It prints the ids of its child processes once the
 * engine has recognised a word, and then waits for more audio for ever.
 */
const sampleRate = 16_000;
const engine = createSherpaEngine({ model: TONE_MODEL, directory: TONE_DIRECTORY });
const audio = new AudioSource(chunked(synthesizeTokens('one', sampleRate), 100, sampleRate), { hangs: true });
const { signal } = new AbortController();
for await (const _ of engine.transcribe(audio, { language: 'en-US', sampleRate, signal }))
  process.stdout.write(`${childrenRunning('sherpa/child').join(' ')}\n`);
