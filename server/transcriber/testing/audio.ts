import { readFileSync } from 'node:fs';

/** PCM s16le mono. */
type Recorded = { pcm: Uint8Array; sampleRate: number };

const SAMPLE_RATE = 16_000;

/**
 * Reads a WAV file (16 bit PCM, any number of channels) as mono.
 * @param sampleRate at most the file's own.
 * @throws Error if the file is not such a WAV file, or its sample rate is lower.
 */
export function readWav(path: string, sampleRate = SAMPLE_RATE): Recorded {
  const bytes = readFileSync(path);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error(`${path} is not a WAV file`);
  }
  const format = riffChunk(bytes, 'fmt ');
  const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  if (bits !== 16 || rate < sampleRate)
    throw new Error(`${path}: ${bits} bit at ${rate} Hz is not supported`);
  const mono = mixDown(riffChunk(bytes, 'data'), channels);
  return { pcm: toPcm(lowerRate(mono, rate / sampleRate)), sampleRate };
}

/** Finds a RIFF chunk. Chunks are padded to even lengths, and unknown ones (LIST, fact) may come anywhere. */
function riffChunk(bytes: Buffer, id: string): Buffer {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (bytes.toString('latin1', at, at + 4) === id) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  throw new Error(`the WAV file has no ${id} chunk`);
}

function mixDown(data: Buffer, channels: number): Float64Array {
  return Float64Array.from({ length: Math.floor(data.length / (2 * channels)) }, (_, frame) => {
    let sum = 0;
    for (let c = 0; c < channels; c += 1) sum += data.readInt16LE(2 * (frame * channels + c));
    return sum / channels;
  });
}

/**
 * Keeps one sample in `factor`, which may be a fraction. A Hann-windowed sinc first removes the frequencies that would
 * fold back (aliasing). It is slow and simple, and shares nothing with the resampler that it helps to test.
 */
function lowerRate(samples: Float64Array, factor: number): Float64Array {
  if (factor === 1) return samples;
  const half = 16 * factor;
  const weightOf = (distance: number) => {
    const x = (Math.PI * distance) / factor;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    return (sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / (half + 1)))) / factor;
  };
  return Float64Array.from({ length: Math.floor(samples.length / factor) }, (_, at) => {
    const [position, last] = [at * factor, Math.floor((at + 16) * factor)];
    let sum = 0;
    for (let i = Math.ceil((at - 16) * factor); i <= last; i += 1) {
      sum += weightOf(i - position) * (samples[i] ?? 0);
    }
    return sum;
  });
}

function toPcm(samples: Float64Array): Uint8Array {
  const pcm = Buffer.alloc(2 * samples.length);
  samples.forEach((sample, i) => {
    pcm.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample))), 2 * i);
  });
  return pcm;
}

export function silence(seconds: number, sampleRate: number): Uint8Array {
  return new Uint8Array(2 * Math.round(seconds * sampleRate));
}

/** A sine wave at `hertz`, at a tenth of full scale. */
export function tone(hertz: number, seconds: number, sampleRate: number): Uint8Array {
  return toPcm(
    Float64Array.from(
      { length: Math.round(seconds * sampleRate) },
      (_, i) => 3_277 * Math.sin((2 * Math.PI * hertz * i) / sampleRate),
    ),
  );
}

/** Cuts audio into chunks of `chunkMs`. The last one may be shorter; no chunk is empty. */
export function chunked(pcm: Uint8Array, chunkMs: number, sampleRate: number): Uint8Array[] {
  const bytes = 2 * Math.round((chunkMs * sampleRate) / 1_000);
  const count = Math.ceil(pcm.length / bytes);
  return Array.from({ length: count }, (_, i) => pcm.subarray(i * bytes, (i + 1) * bytes));
}
