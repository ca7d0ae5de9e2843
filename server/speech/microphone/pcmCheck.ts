import { AppError } from '../../../contract/errors.ts';

/** Fewer samples than this are not enough to recognise a format. */
const MIN_SAMPLES = 200;
/** Smaller steps between samples are ignored, because silence looks alike in every format. */
const MIN_STEP = 64;
/** This share of the samples must match a wrong format. Real speech in the right format comes nowhere near it. */
const MATCHING_SHARE = 0.98;

/**
 * Checks that bytes are PCM s16le mono, as far as one can see that in the bytes. An engine recognises nothing in audio
 * of another format, and without this check nobody would know why.
 * @throws AppError BAD_REQUEST `not_pcm`. Its message names the format that was found.
 */
export function checkPcm(pcm: Uint8Array): void {
  const mistake = describeOtherFormat(pcm);
  if (mistake) {
    throw new AppError(
      'BAD_REQUEST',
      'not_pcm',
      `${mistake} Send 16-bit little-endian PCM with one channel.`,
    );
  }
}

function describeOtherFormat(pcm: Uint8Array): string | null {
  const samples = new Int16Array(pcm.slice().buffer, 0, pcm.byteLength >> 1);
  const start = String.fromCharCode(...pcm.subarray(0, 4));
  if (start === 'RIFF') return 'This begins like a WAV file: leave its header out.';
  if (start === 'OggS' || start === 'fLaC') return 'This begins like an Ogg or FLAC file.';
  if (areFloats(samples)) return 'These look like 32-bit floating-point samples.';
  if (areStereo(samples)) return 'These look like two channels.';
  return null;
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
function areStereo(samples: Int16Array): boolean {
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
