import { createPocketsphinxEngine, findPocketsphinx } from '../server/transcriber/pocketsphinx/engine.ts';
import { chunked } from '../server/transcriber/testing/audio.ts';
import { AudioSource } from '../server/transcriber/testing/audioSource.ts';
import { loudness, pink } from '../server/transcriber/testing/noise.ts';
import { createRandom } from '../server/transcriber/testing/random.ts';
import { CLIP_RATE, type SpokenClip, toSamples } from '../server/transcriber/testing/recordings.ts';
import type { AudioChunk, SpeechEngine } from '../server/transcriber/transcriber.ts';
import { gate } from './gated.ts';

const ROUNDS = 3;
const VOICE_LOUDNESS = 3_277;
const NOISE_BELOW_VOICE_DB = 40;

/** Prints PocketSphinx's word errors in the English recordings (pauses of 1 to 20 s), with and without the voice gate. */
export async function printWordErrors(clips: SpokenClip[]): Promise<void> {
  if (!findPocketsphinx().ok) {
    console.log('The word errors were not measured, because PocketSphinx is not installed.');
    return;
  }
  const english = clips.filter(({ language }) => language === 'en-US');
  const spoken = Array.from({ length: ROUNDS }, () => english).flat();
  const words = spoken.flatMap((clip) => clip.words.split(' '));
  const pcm = withPauses(spoken);
  const engine = createPocketsphinxEngine();
  const ungated = await recognize(engine, chunked(pcm, 100, CLIP_RATE));
  const gated: string[] = [];
  for (const pieces of gate(pcm, { sampleRate: CLIP_RATE })) {
    gated.push(
      ...(await recognize(
        engine,
        pieces.map((piece) => piece.pcm),
      )),
    );
  }
  await engine.close();
  for (const [name, recognized] of Object.entries({ 'all the audio': ungated, 'through the gate': gated })) {
    const errors = distance(words, recognized);
    const rate = ((100 * errors) / words.length).toFixed(1);
    console.log(`PocketSphinx, ${name.padEnd(16)} ${rate} % of ${words.length} words wrong`);
  }
}

/** Joins the clips with random pauses, over quiet pink noise. @returns PCM s16le mono at 16 kHz. */
function withPauses(clips: SpokenClip[]): Uint8Array {
  const random = createRandom(3);
  const silence = () => new Float64Array(Math.round((1 + 19 * random.next() ** 2) * CLIP_RATE));
  const parts = clips.flatMap(({ samples }) => [silence(), samples]);
  const length = parts.reduce((total, part) => total + part.length, 0);
  const noise = pink(length, CLIP_RATE, 3);
  const gain = (VOICE_LOUDNESS * 10 ** (-NOISE_BELOW_VOICE_DB / 20)) / loudness(noise);
  const samples = noise.map((sample) => gain * sample);
  let at = 0;
  for (const part of parts) {
    for (const [i, sample] of part.entries()) samples[at + i] = (samples[at + i] ?? 0) + sample;
    at += part.length;
  }
  return new Uint8Array(toSamples(samples).buffer);
}

async function recognize(engine: SpeechEngine, audio: AudioChunk[]): Promise<string[]> {
  const options = { language: 'en-US', sampleRate: CLIP_RATE, signal: new AbortController().signal };
  const events = await Array.fromAsync(engine.transcribe(new AudioSource(audio), options));
  return events.filter(({ type }) => type === 'final').flatMap(({ text }) => text.toLowerCase().split(' '));
}

/** The smallest number of inserted, missing and changed words (Levenshtein distance). */
function distance(expected: string[], recognized: string[]): number {
  let row = recognized.map((_, i) => i + 1);
  for (const [i, word] of expected.entries()) {
    let [diagonal, left] = [i, i + 1];
    row = row.map((above, j) => {
      left = Math.min(above + 1, left + 1, diagonal + (recognized[j] === word ? 0 : 1));
      diagonal = above;
      return left;
    });
  }
  return row.at(-1) ?? expected.length;
}
