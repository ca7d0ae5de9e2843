import { AppError } from '../../../contract/errors.ts';

/** So many samples of sound tell what they are. */
const ENOUGH = 200;
/** What moves less than this says nothing of its format. */
const QUIET = 64;
/** How sure one has to be that somebody sends something else: real speech comes nowhere near. */
const NEARLY_ALL = 0.98;

/**
 * Looks whether bytes are what they should be, PCM s16le mono, as far as bytes can tell: an engine would hear only noise
 * in anything else, and nobody would know why.
 * @throws AppError BAD_REQUEST `not_pcm`, saying what it is instead.
 */
export function mustBePcm(pcm: Uint8Array): void {
  const mistake = whatElse(pcm);
  if (mistake) {
    throw new AppError(
      'BAD_REQUEST',
      'not_pcm',
      `${mistake} Send 16-bit little-endian PCM with one channel.`,
    );
  }
}

function whatElse(pcm: Uint8Array): string | null {
  const samples = new Int16Array(pcm.slice().buffer, 0, pcm.byteLength >> 1);
  const start = String.fromCharCode(...pcm.subarray(0, 4));
  if (start === 'RIFF') return 'This begins like a WAV file: leave its header out.';
  if (start === 'OggS' || start === 'fLaC') return 'This begins like an Ogg or FLAC file.';
  if (areFloats(samples)) return 'These look like 32-bit floating-point samples.';
  if (areStereo(samples)) return 'These look like two channels.';
  return null;
}

/** The upper half of a 32-bit float between -1 and 1 is its sign and an exponent just below 127 (IEEE 754). */
function areFloats(samples: Int16Array): boolean {
  let [sounding, likeFloats] = [0, 0];
  for (let i = 0; i + 1 < samples.length; i += 2) {
    const [lower, upper] = [samples[i] as number, samples[i + 1] as number];
    if (lower === 0 && upper === 0) continue;
    sounding += 1;
    const exponent = (upper >> 7) & 0xff;
    if (exponent >= 100 && exponent <= 127) likeFloats += 1;
  }
  return sounding >= ENOUGH && likeFloats >= NEARLY_ALL * sounding;
}

/** A microphone on two channels says everything twice; what stands still says nothing. */
function areStereo(samples: Int16Array): boolean {
  let [moving, twice, last] = [0, 0, 0];
  for (let i = 0; i + 1 < samples.length; i += 2) {
    const [left, right] = [samples[i] as number, samples[i + 1] as number];
    if (Math.abs(left - last) >= QUIET) {
      moving += 1;
      if (left === right) twice += 1;
    }
    last = right;
  }
  return moving >= ENOUGH && twice >= NEARLY_ALL * moving;
}
