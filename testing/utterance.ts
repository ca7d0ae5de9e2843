import { randomUUIDv7 } from 'node:crypto';
import type { Utterance } from '../contract/types.ts';

/** The start of all transcripts in tests, in ms since 1970. */
export const MORNING = Date.UTC(2026, 10, 23, 8, 0, 0);

/** A time as ISO 8601, from seconds of the morning. */
export const iso = (seconds: number) => new Date(MORNING + seconds * 1_000).toISOString();

/**
 * An utterance of Ada that begins at this second of the morning, with three words a second. The times of its words
 * count from a stream that began 100 s before it.
 */
export function utteranceAt(text: string, at: number, more: Partial<Utterance> = {}): Utterance {
  const texts = text.split(/\s+/).filter(Boolean);
  const words = texts.map((word, i) => ({
    text: word.replace(/[.,?!]$/, ''),
    start: 100 + i / 3,
    end: 100 + (i + 1) / 3,
    confidence: 0.9,
  }));
  return {
    id: randomUUIDv7(),
    streamId: '00000000-0000-7000-8000-000000000002',
    roomId: '00000000-0000-7000-8000-000000000003',
    speaker: { id: 'ada', name: 'Ada' },
    text,
    stableChars: text.length,
    language: 'en-US',
    startedAt: iso(at),
    endedAt: iso(at + texts.length / 3),
    confidence: 0.9,
    words,
    engine: 'aws',
    seq: 1,
    ...more,
  };
}
