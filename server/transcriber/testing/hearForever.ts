import { createSherpaEngine } from '../sherpa/engine.ts';
import { chunked } from './audio.ts';
import { AudioSource } from './audioSource.ts';
import { childrenRunning } from './childrenRunning.ts';
import { singTokens, TONE_DIRECTORY, TONE_MODEL } from './toneModel.ts';

/** A server in the middle of hearing, for tests that end it: prints the ids of its child processes, then goes on. */
const sampleRate = 16_000;
const engine = createSherpaEngine({ model: TONE_MODEL, directory: TONE_DIRECTORY });
const audio = new AudioSource(chunked(singTokens('one', sampleRate), 100, sampleRate), { hangs: true });
const { signal } = new AbortController();
for await (const _ of engine.transcribe(audio, { language: 'en-US', sampleRate, signal }))
  process.stdout.write(`${childrenRunning('sherpa/child').join(' ')}\n`);
