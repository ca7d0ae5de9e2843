import type { Word } from '../../../contract/types.ts';
import type { TranscriptEvent } from '../../transcriber/transcriber.ts';

/** What of an event was said after a moment: all of it, some of its words, or nothing. In seconds, as the event. */
export function saidAfter(event: TranscriptEvent, moment: number): TranscriptEvent | null {
  if (event.start >= moment) return event;
  if (event.words.length === 0) return middle(event) >= moment ? event : null;
  const kept = event.words.filter((word) => middle(word) >= moment);
  const [first] = kept;
  if (!first) return null;
  const from = textEnd(event.text, event.words.slice(0, event.words.length - kept.length));
  const at = event.text.indexOf(first.text, from);
  const cut = at < 0 ? from : at;
  return {
    ...event,
    text: event.text.slice(cut),
    stableChars: Math.max(0, event.stableChars - cut),
    start: Math.max(moment, first.start),
    words: kept,
  };
}

/** What of an event had begun by a moment, to the last word; null if nothing had. */
export function saidBefore(event: TranscriptEvent, moment: number): TranscriptEvent | null {
  if (event.end <= moment) return event;
  const kept = event.words.filter(({ start }) => start < moment);
  const last = kept.at(-1);
  if (!last) return null;
  const text = event.text.slice(0, textEnd(event.text, kept));
  return {
    ...event,
    text,
    stableChars: Math.min(event.stableChars, text.length),
    end: last.end,
    words: kept,
  };
}

/** Where in a text its leading words end. A word that is written otherwise in the text is passed over. */
function textEnd(text: string, words: Word[]): number {
  return words.reduce((end, word) => {
    const at = text.indexOf(word.text, end);
    return at < 0 ? end : at + word.text.length;
  }, 0);
}

function middle({ start, end }: { start: number; end: number }): number {
  return (start + end) / 2;
}
