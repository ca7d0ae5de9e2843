import type { AudioChunk } from '../transcriber.ts';

const FULL_SCALE = 32_768;

/** PCM s16le as samples from −1 to 1. */
export function toFloats(pcm: AudioChunk): Float32Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const samples = new Float32Array(pcm.byteLength >> 1);
  for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(2 * i, true) / FULL_SCALE;
  return samples;
}

/** Samples as PCM s16le. Samples over full scale are clipped, because wrapped ones would be loud clicks. */
export function toPcm(samples: Float32Array): AudioChunk {
  const pcm = new Uint8Array(2 * samples.length);
  const view = new DataView(pcm.buffer);
  for (let i = 0; i < samples.length; i += 1) {
    const value = Math.round((samples[i] as number) * FULL_SCALE);
    view.setInt16(2 * i, Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, value)), true);
  }
  return pcm;
}
