import { randomUUIDv7 } from 'node:crypto';
import type { Utterance } from '../contract/types.ts';

/** When the first minute of a transcript begins, in ms since 1970. */
export const MORNING = Date.UTC(2026, 10, 23, 8, 0, 0);

export const iso = (seconds: number) => new Date(MORNING + seconds * 1_000).toISOString();

/**
 * Something Ada said `at` seconds into the morning, three words a second. Its words' times are those of a stream that
 * began long before.
 */
export function heard(text: string, at: number, more: Partial<Utterance> = {}): Utterance {
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
