import type { PlacedAudio } from '../placedAudio.ts';
import { Stretch } from './segment.ts';
import type { Heard, HearingOptions, HearingParts } from './types.ts';

/**
 * Hears a stretch of speech to its end, whatever happens to the engine: what fails is begun again and fed from the
 * last final on. Utterance ids are unique within the stretch; each utterance has one final.
 *
 * When the signal aborts or the consumer returns, all is freed and the events end without an error.
 * @throws AppError for what cannot heal, after the finals and gaps of what was said until then.
 */
export function hear(
  audio: AsyncIterable<PlacedAudio>,
  options: HearingOptions,
  parts: HearingParts,
): AsyncIterable<Heard> {
  return { [Symbol.asyncIterator]: () => new Stretch(audio, options, parts) };
}
