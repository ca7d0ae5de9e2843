import type { AudioChunk } from '../transcriber/transcriber.ts';

/**
 * A piece of a stream's audio. `at` is the number of its first sample in the speech stream. Pieces come in order, but
 * with holes where silence is left out. Nobody may write to the bytes before their memory is freed.
 */
export type PlacedAudio = { at: number; pcm: AudioChunk };
