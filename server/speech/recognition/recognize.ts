import type { PlacedAudio } from '../placedAudio.ts';
import { Segment } from './segment.ts';
import type { RecognitionEvent, RecognitionOptions, RecognitionParts } from './types.ts';

/**
 * Recognises a segment of speech to its end. When an engine call fails, a new call starts and is sent the audio after
 * the last final again. Utterance ids are unique within the segment, and each utterance has exactly one final.
 *
 * When the signal aborts or the consumer returns, everything is freed and the events end without an error.
 * @throws AppError if no engine can go on. The finals and gaps of the audio before it come first.
 */
export function recognize(
  audio: AsyncIterable<PlacedAudio>,
  options: RecognitionOptions,
  parts: RecognitionParts,
): AsyncIterable<RecognitionEvent> {
  return { [Symbol.asyncIterator]: () => new Segment(audio, options, parts) };
}
