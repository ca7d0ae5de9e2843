import type { AudioChunk } from '../transcriber/transcriber.ts';

/**
 * A piece of a stream's audio; `at` = the number of its first sample in the speech stream. Pieces come in order, but
 * with holes: silence is left out. They are kept as they are: nobody may write to them before they are forgotten.
 */
export type PlacedAudio = { at: number; pcm: AudioChunk };
