import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readWav } from './audio.ts';
import { loudness } from './noise.ts';

/** A clean recording, speech at a tenth of full scale (-20 dB). */
export type SpokenClip = {
  words: string;
  language: string;
  samples: Float64Array;
  /** Where somebody speaks in it, in samples. */
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

/** The eight recordings of a voice that Debian's alsa-utils has, with the words in them. */
export function alsaClips(): SpokenClip[] {
  return ['Front', 'Rear', 'Side'].flatMap((where) =>
    ['Center', 'Left', 'Right']
      .filter((side) => where !== 'Side' || side !== 'Center')
      .map((side) => readClip(join(ALSA, `${where}_${side}.wav`), `${where} ${side}`.toLowerCase(), 'en-US')),
  );
}

/** Those of the longer recordings that are on this machine: perhaps none. */
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
 * Where somebody speaks in a clean recording: wherever 10 ms are at most 32 dB below the loudest, gaps under 0.3 s
 * included, what is shorter than 80 ms left out. Looked over by eye for the recordings used here.
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

/** @param gain 1 leaves speech at -20 dB; what is over full scale is cut off, as a sound card does. */
export function toSamples(samples: Float64Array, gain = 1, offset = 0): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(gain * sample + offset))),
  );
}
