import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readWav } from './audio.ts';
import { loudness } from './noise.ts';

/** A clean recording. Its speech is at a tenth of full scale (-20 dB). */
export type SpokenClip = {
  words: string;
  language: string;
  samples: Float64Array;
  /** The parts with speech, in samples. */
  spans: Span[];
};
export type Span = [from: number, to: number];

export const CLIP_RATE = 16_000;
const SPOKEN_LOUDNESS = 3_277;
const ALSA = '/usr/share/sounds/alsa';
const SHARED = join(import.meta.dirname, '../../../../shared/audio');
const LONGER = [
  ['en-goforward', 'go forward ten meters'],
  ['en-librivox-austen-0930', 'he might even have been made amiable himself'],
  [
    'en-librispeech-1272-128104-0000',
    'mister quilter is the apostle of the middle classes and we are glad to welcome his gospel',
  ],
  ['ko-sentence', '그는 이리저리 피하면서 길 한 옆으로 걸어갔다'],
] as const;

/** The eight recordings of a human voice in Debian's alsa-utils, with their words. */
export function alsaClips(): SpokenClip[] {
  return ['Front', 'Rear', 'Side'].flatMap((where) =>
    ['Center', 'Left', 'Right']
      .filter((side) => where !== 'Side' || side !== 'Center')
      .map((side) => readClip(join(ALSA, `${where}_${side}.wav`), `${where} ${side}`.toLowerCase(), 'en-US')),
  );
}

/** The longer recordings that this machine has; the list may be empty. */
export function longerClips(): SpokenClip[] {
  return LONGER.flatMap(([name, words]) => {
    const path = join(SHARED, `${name}.wav`);
    if (!existsSync(path)) return [];
    return [readClip(path, words, name.startsWith('ko') ? 'ko-KR' : 'en-US')];
  });
}

function readClip(path: string, words: string, language: string): SpokenClip {
  const { pcm } = readWav(path);
  const raw = Float64Array.from(new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2));
  const spans = spokenSpans(raw, CLIP_RATE);
  const spoken = Float64Array.from(spans.flatMap(([from, to]) => [...raw.subarray(from, to)]));
  const gain = SPOKEN_LOUDNESS / loudness(spoken);
  return { words, language, spans, samples: raw.map((sample) => gain * sample) };
}

/**
 * The parts with speech in a clean recording: each 10 ms at most 32 dB below the loudest 10 ms. Pauses up to 0.3 s
 * count as speech, and parts shorter than 80 ms are dropped. Somebody checked the result by eye for these recordings.
 */
function spokenSpans(samples: Float64Array, sampleRate: number): Span[] {
  const step = sampleRate / 100;
  const levels = Array.from({ length: Math.floor(samples.length / step) }, (_, i) =>
    loudness(samples.subarray(i * step, (i + 1) * step)),
  );
  const faintest = Math.max(...levels) * 10 ** (-32 / 20);
  const spans: Span[] = [];
  for (const [i, level] of levels.entries()) {
    if (level < faintest) continue;
    const last = spans.at(-1);
    if (last && i * step - last[1] <= 0.3 * sampleRate) last[1] = (i + 1) * step;
    else spans.push([i * step, (i + 1) * step]);
  }
  return spans.filter(([from, to]) => to - from >= 0.08 * sampleRate);
}

/**
 * Samples as 16 bit.
 * @param gain 1 keeps speech at -20 dB. Samples over full scale are clipped, as a sound card does.
 */
export function toSamples(samples: Float64Array, gain = 1, offset = 0): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(gain * sample + offset))),
  );
}
