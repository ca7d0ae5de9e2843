import type { PlacedAudio } from '../placedAudio.ts';
import { Segment } from './segment.ts';
import type { RecognitionEvent, RecognitionOptions, RecognitionParts } from './types.ts';

/**
 * Hears a stretch of speech to its end, whatever happens to the engine: what fails is begun again and fed from the
 * last final on. Utterance ids are unique within the stretch; each utterance has one final.
 *
 * When the signal aborts or the consumer returns, all is freed and the events end without an error.
 * @throws AppError for what cannot heal, after the finals and gaps of what was said until then.
 */
export function hear(
  audio: AsyncIterable<PlacedAudio>,
  options: RecognitionOptions,
  parts: RecognitionParts,
): AsyncIterable<RecognitionEvent> {
  return { [Symbol.asyncIterator]: () => new Segment(audio, options, parts) };
}
