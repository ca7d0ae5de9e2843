/** Sound that is read rightly is smooth: neighbouring samples are alike. Of a voice, only loud vowels are that smooth. */
const SMOOTH = 0.25;
/** Sound that is read wrongly is rough, like noise. White noise has a roughness of 2. */
const ROUGH = 0.75;
/** Fainter sound is not judged: -54 dB of full scale. */
const MIN_POWER = 64 ** 2;
/** Bytes in a wrong order or of the wrong size read as nearly full-scale noise. */
const MISREAD_POWER = 8_000 ** 2;

type Sound = { power: number; roughness: number };

/**
 * Tells whether samples are rough noise as they stand, but smooth sound if they are read in another way. Noise is noise
 * in every reading, so it is not suspected.
 * @param samples a copy of the bytes that were sent, read as s16le.
 * @returns a sentence for people that names the other reading, or null.
 */
export function describeOtherReading(samples: Int16Array): string | null {
  const { power, roughness } = soundOf(samples);
  if (roughness < ROUGH) return null;
  if (isVoiceLike(soundOf(samples, 2))) return 'These look like two channels.';
  if (power < MISREAD_POWER) return null;
  if (isVoiceLike(soundOf(bigEndian(samples)))) return 'These look like big-endian samples.';
  return isVoiceLike(soundOf(unsignedBytes(samples))) ? 'These look like 8-bit samples.' : null;
}

function isVoiceLike({ power, roughness }: Sound): boolean {
  return power >= MIN_POWER && roughness <= SMOOTH;
}

/** The power of the sound around its mean, and the power of the steps between samples as a multiple of it. */
function soundOf(samples: Int16Array, channels = 1): Sound {
  let [steps, power] = [0, 0];
  for (let channel = 0; channel < channels; channel += 1) {
    const mean = meanOf(samples, channel, channels);
    let last = (samples[channel] ?? 0) - mean;
    for (let i = channel; i < samples.length; i += channels) {
      const sample = (samples[i] as number) - mean;
      steps += (sample - last) ** 2;
      power += sample ** 2;
      last = sample;
    }
  }
  return { power: power / samples.length, roughness: power > 0 ? steps / power : 0 };
}

function meanOf(samples: Int16Array, first: number, step: number): number {
  let sum = 0;
  for (let i = first; i < samples.length; i += step) sum += samples[i] as number;
  return (sum * step) / samples.length;
}

function bigEndian(samples: Int16Array): Int16Array {
  return samples.map((sample) => (sample << 8) | ((sample >> 8) & 0xff));
}

function unsignedBytes(samples: Int16Array): Int16Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return Int16Array.from(bytes, (byte) => 256 * (byte - 128));
}
