import type { Utterance, Word } from '../../../contract/types.ts';
import { charactersOf, LINE_WIDTH, widthOf } from './width.ts';

/** A bit of text that is never broken, and when it was said, in ms since 1970. */
export type Piece = {
  text: string;
  width: number;
  /** Whether a space stands before it. */
  spaced: boolean;
  startMs: number;
  endMs: number;
  /** Whose voice it is among several on one microphone; as in `Word`. */
  voice: string | undefined;
};

/** Something that was said, in one go: a word, or all where no words are known. Its share of the text is its width. */
type Span = { startMs: number; endMs: number; from: number; to: number; voice: string | undefined };

const BLANK = /[\s\p{Cc}]+/u;

/** On one line, whatever it is made of. */
export function oneLine(text: string): string {
  return text.split(BLANK).join(' ').trim();
}

/**
 * An utterance's text in pieces with their times. Where it has as many pieces as there were words heard, these are the
 * words' times; where it has not, because it was corrected or its language has no spaces, it is spread over them.
 */
export function piecesOf(utterance: Utterance): Piece[] {
  const bits = bitsOf(oneLine(utterance.text), utterance.language);
  const spans = spansOf(utterance);
  const wordByWord = bits.length === utterance.words.length;
  const whole = bits.reduce((sum, { width }) => sum + width, 0);
  let before = 0;
  return bits.map((bit, i) => {
    const [from, to] = [before / whole, (before + bit.width) / whole];
    before += bit.width;
    const span = spans[i];
    if (wordByWord && span) return { ...bit, startMs: span.startMs, endMs: span.endMs, voice: span.voice };
    return { ...bit, ...spread(spans, from, to) };
  });
}

type Bit = Pick<Piece, 'text' | 'width' | 'spaced'>;

function bitsOf(text: string, language: string): Bit[] {
  if (text === '') return [];
  return text.split(' ').flatMap((word) => {
    const width = widthOf(word);
    if (width <= LINE_WIDTH) return { text: word, width, spaced: true };
    const parts = breakUp(word, language);
    return parts.map((part, i) => ({ text: part, width: widthOf(part), spaced: i === 0 }));
  });
}

/** What is too wide for a line is broken between words where the language has no spaces, and otherwise anywhere. */
function breakUp(text: string, language: string): string[] {
  const parts: string[] = [];
  for (const { segment, isWordLike } of segmenterOf(language).segment(text)) {
    // No line begins with a full stop.
    if (!isWordLike && parts.length > 0) parts.push(`${parts.pop()}${segment}`);
    else parts.push(segment);
  }
  return parts.flatMap((part) => (widthOf(part) <= LINE_WIDTH ? part : chopped(part)));
}

function chopped(text: string): string[] {
  const parts = [''];
  let width = 0;
  for (const one of charactersOf(text)) {
    width += widthOf(one);
    if (width > LINE_WIDTH) {
      parts.push('');
      width = widthOf(one);
    }
    parts.push(`${parts.pop()}${one}`);
  }
  return parts;
}

function segmenterOf(language: string): Intl.Segmenter {
  try {
    return new Intl.Segmenter(language, { granularity: 'word' });
  } catch {
    // `und`, or a tag of an engine's own making.
    return new Intl.Segmenter('und', { granularity: 'word' });
  }
}

/**
 * The words on the clock on the wall: their own times count from the beginning of the stream's audio, which may have
 * been suspended since, so the utterance's beginning is where its first word stands.
 */
function spansOf({ startedAt, endedAt, words }: Utterance): Span[] {
  const startMs = Date.parse(startedAt);
  const first = words[0];
  if (!first) return [{ startMs, endMs: Date.parse(endedAt ?? startedAt), from: 0, to: 1, voice: undefined }];
  const at = (seconds: number) => startMs + Math.max(0, Math.round((seconds - first.start) * 1_000));
  const widths = words.map(({ text }) => Math.max(1, widthOf(text)));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  let [before, latestMs] = [0, startMs];
  return words.map((word: Word, i) => {
    const from = before / whole;
    before += widths[i] ?? 0;
    // Engines may well say that a word ends after the next one begins.
    const begins = Math.max(latestMs, at(word.start));
    latestMs = begins;
    return {
      startMs: begins,
      endMs: Math.max(begins, at(word.end)),
      from,
      to: before / whole,
      voice: word.speaker,
    };
  });
}

function spread(spans: Span[], from: number, to: number): Pick<Piece, 'startMs' | 'endMs' | 'voice'> {
  const last = spans.at(-1) as Span;
  const begun = spans.find((span) => from < span.to) ?? last;
  const ended = spans.find((span) => to <= span.to) ?? last;
  const startMs = within(begun, from);
  return { startMs, endMs: Math.max(startMs, within(ended, to)), voice: begun.voice };
}

function within({ startMs, endMs, from, to }: Span, share: number): number {
  const part = Math.min(1, Math.max(0, (share - from) / (to - from)));
  return Math.round(startMs + part * (endMs - startMs));
}
