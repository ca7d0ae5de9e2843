import { AppError } from '../../../contract/errors.ts';
import { describeOtherReading } from './otherReading.ts';

/** Fewer samples than this are not enough to recognise a format. */
const MIN_SAMPLES = 200;
/** Smaller steps between samples are ignored, because silence looks alike in every format. */
const MIN_STEP = 64;
/** This share of the samples must match a wrong format. Real speech in the right format comes nowhere near it. */
const MATCHING_SHARE = 0.98;
/**
 * Up to this rate, equal pairs of samples are accepted: the 8 kHz of a telephone often come with each sample repeated.
 * Two equal channels have the same bytes.
 */
const DOUBLED_TELEPHONE_RATE = 16_000;

/** How files begin, from byte `at` on. */
const FILE_STARTS = [
  { start: 'RIFF', at: 0, file: 'a WAV file: leave its header out' },
  { start: 'RF64', at: 0, file: 'a WAV file: leave its header out' },
  { start: 'OggS', at: 0, file: 'an Ogg or FLAC file' },
  { start: 'fLaC', at: 0, file: 'an Ogg or FLAC file' },
  { start: 'Opus', at: 0, file: 'Opus' },
  { start: '\x1aE\xdf\xa3', at: 0, file: 'a WebM file' },
  { start: 'ftyp', at: 4, file: 'an MP4 file' },
  { start: 'ID3', at: 0, file: 'an MP3 file' },
  { start: 'FORM', at: 0, file: 'an AIFF file' },
  { start: 'caff', at: 0, file: 'a CAF file' },
  { start: '.snd', at: 0, file: 'an AU file' },
  { start: '#!AMR', at: 0, file: 'an AMR file' },
];

/**
 * Checks that bytes are PCM s16le mono, as far as one can see that in the bytes. An engine recognises nothing in audio
 * of another format, and without this check nobody would know why.
 * @param sampleRate in Hz, as the sender says.
 * @throws AppError BAD_REQUEST `not_pcm`. Its message names the format that was found.
 */
export function checkPcm(pcm: Uint8Array, sampleRate: number): void {
  const mistake = describeOtherFormat(pcm, sampleRate);
  if (mistake) {
    throw new AppError(
      'BAD_REQUEST',
      'not_pcm',
      `${mistake} Send 16-bit little-endian PCM with one channel.`,
    );
  }
}

function describeOtherFormat(pcm: Uint8Array, sampleRate: number): string | null {
  const begin = String.fromCharCode(...pcm.subarray(0, 8));
  const known = FILE_STARTS.find(({ start, at }) => begin.startsWith(start, at));
  if (known) return `This begins like ${known.file}.`;
  // A copy, because an Int16Array needs an even offset. `slice` would not copy if the bytes were a Buffer.
  const copy = new Uint8Array(pcm);
  const samples = new Int16Array(copy.buffer, 0, copy.length >> 1);
  if (samples.length < MIN_SAMPLES) return null;
  if (areFloats(samples)) return 'These look like 32-bit floating-point samples.';
  if (sampleRate > DOUBLED_TELEPHONE_RATE && areEqualPairs(samples)) return 'These look like two channels.';
  return describeOtherReading(samples);
}

/** The upper half of a 32-bit float between -1 and 1 holds its sign and an exponent just below 127 (IEEE 754). */
function areFloats(samples: Int16Array): boolean {
  let [nonZero, likeFloats] = [0, 0];
  for (let i = 0; i + 1 < samples.length; i += 2) {
    const [lower, upper] = [samples[i] as number, samples[i + 1] as number];
    if (lower === 0 && upper === 0) continue;
    nonZero += 1;
    const exponent = (upper >> 7) & 0xff;
    if (exponent >= 100 && exponent <= 127) likeFloats += 1;
  }
  return nonZero >= MIN_SAMPLES && likeFloats >= MATCHING_SHARE * nonZero;
}

/** One microphone on two channels gives pairs of equal samples. Only pairs that change count. */
function areEqualPairs(samples: Int16Array): boolean {
  let [changing, equal, last] = [0, 0, 0];
  for (let i = 0; i + 1 < samples.length; i += 2) {
    const [left, right] = [samples[i] as number, samples[i + 1] as number];
    if (Math.abs(left - last) >= MIN_STEP) {
      changing += 1;
      if (left === right) equal += 1;
    }
    last = right;
  }
  return changing >= MIN_SAMPLES && equal >= MATCHING_SHARE * changing;
}
