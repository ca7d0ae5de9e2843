import type { Utterance, Word } from '../../../contract/types.ts';
import { charactersOf, LINE_WIDTH, widthOf } from './width.ts';

/** A part of a text that is never broken, with its times in ms since 1970. */
export type Piece = {
  text: string;
  width: number;
  /** Whether a space comes before it. */
  spaced: boolean;
  startMs: number;
  endMs: number;
  /** The speaker, if several people share a microphone. As `speaker` in `Word`. */
  voice: string | undefined;
};

/**
 * A recognised word, or the whole utterance if its words are not known. `from` and `to` are its share of the text by
 * width, from 0 to 1.
 */
type Span = { startMs: number; endMs: number; from: number; to: number; voice: string | undefined };

const BLANK = /[\s\p{Cc}]+/u;

/** Replaces line breaks, tabs and control characters by single spaces. */
export function oneLine(text: string): string {
  return text.split(BLANK).join(' ').trim();
}

/**
 * Cuts the text of an utterance into pieces with times. If there are as many pieces as recognised words, each piece has
 * the times of its word. Otherwise (a corrected text, a language without spaces) the pieces are spread over the words.
 */
export function piecesOf(utterance: Utterance): Piece[] {
  const parts = partsOf(oneLine(utterance.text), utterance.language);
  const spans = spansOf(utterance);
  const wordByWord = parts.length === utterance.words.length;
  const whole = parts.reduce((sum, { width }) => sum + width, 0);
  let before = 0;
  return parts.map((part, i) => {
    const [from, to] = [before / whole, (before + part.width) / whole];
    before += part.width;
    const span = spans[i];
    if (wordByWord && span) return { ...part, startMs: span.startMs, endMs: span.endMs, voice: span.voice };
    return { ...part, ...timesOfShare(spans, from, to) };
  });
}

type Part = Pick<Piece, 'text' | 'width' | 'spaced'>;

function partsOf(text: string, language: string): Part[] {
  if (text === '') return [];
  return text.split(' ').flatMap((word) => {
    const width = widthOf(word);
    if (width <= LINE_WIDTH) return { text: word, width, spaced: true };
    const parts = breakUp(word, language);
    return parts.map((part, i) => ({ text: part, width: widthOf(part), spaced: i === 0 }));
  });
}

/** Breaks a text that is too wide for a line: between words if the language has no spaces, and anywhere if need be. */
function breakUp(text: string, language: string): string[] {
  const parts: string[] = [];
  for (const { segment, isWordLike } of segmenterOf(language).segment(text)) {
    // Punctuation stays with the word before it, so that no line begins with a full stop.
    if (!isWordLike && parts.length > 0) parts.push(`${parts.pop()}${segment}`);
    else parts.push(segment);
  }
  return parts.flatMap((part) => (widthOf(part) <= LINE_WIDTH ? part : cutAnywhere(part)));
}

/** Cuts a text between characters into parts that fit on a line. */
function cutAnywhere(text: string): string[] {
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
    // The tag is not valid, e.g. one that an engine made up.
    return new Intl.Segmenter('und', { granularity: 'word' });
  }
}

/**
 * The words with wall-clock times. A word's own times count from the start of the engine's audio, and the stream may
 * have been suspended since then. So the first word is placed at the start of the utterance, and the others relative
 * to it.
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
    // Engines report words that overlap.
    const wordStartMs = Math.max(latestMs, at(word.start));
    latestMs = wordStartMs;
    return {
      startMs: wordStartMs,
      endMs: Math.max(wordStartMs, at(word.end)),
      from,
      to: before / whole,
      voice: word.speaker,
    };
  });
}

/** The times and the voice of a share of the text. */
function timesOfShare(spans: Span[], from: number, to: number): Pick<Piece, 'startMs' | 'endMs' | 'voice'> {
  const last = spans.at(-1) as Span;
  const first = spans.find((span) => from < span.to) ?? last;
  const end = spans.find((span) => to <= span.to) ?? last;
  const startMs = timeWithin(first, from);
  return { startMs, endMs: Math.max(startMs, timeWithin(end, to)), voice: first.voice };
}

function timeWithin({ startMs, endMs, from, to }: Span, share: number): number {
  const progress = Math.min(1, Math.max(0, (share - from) / (to - from)));
  return Math.round(startMs + progress * (endMs - startMs));
}
