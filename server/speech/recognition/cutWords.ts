import type { Word } from '../../../contract/types.ts';
import type { TranscriptEvent } from '../../transcriber/transcriber.ts';

/**
 * Keeps the words of an event that were spoken after a moment (in seconds, like the event's times), or null if none
 * was. A word that lasts over the moment is kept if its middle lies after it. An event without words is kept whole or
 * not at all, by the same rule.
 */
export function keepAfter(event: TranscriptEvent, moment: number): TranscriptEvent | null {
  if (event.start >= moment) return event;
  if (event.words.length === 0) return middle(event) >= moment ? event : null;
  const kept = event.words.filter((word) => middle(word) >= moment);
  const [first] = kept;
  if (!first) return null;
  const droppedEnd = textEnd(event.text, event.words.slice(0, event.words.length - kept.length));
  const at = event.text.indexOf(first.text, droppedEnd);
  const cut = at < 0 ? event.text.length - event.text.slice(droppedEnd).trimStart().length : at;
  return {
    ...event,
    text: event.text.slice(cut),
    stableChars: Math.max(0, event.stableChars - cut),
    start: Math.max(moment, first.start),
    words: kept,
  };
}

/** Keeps the words of an event that began before a moment (in seconds, like the event's times), or null if none did. */
export function keepBefore(event: TranscriptEvent, moment: number): TranscriptEvent | null {
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

/** Where the leading words end in a text. A word that the text spells differently is skipped. */
function textEnd(text: string, words: Word[]): number {
  return words.reduce((end, word) => {
    const at = text.indexOf(word.text, end);
    return at < 0 ? end : at + word.text.length;
  }, 0);
}

function middle({ start, end }: { start: number; end: number }): number {
  return (start + end) / 2;
}
