import type { Item, Result } from '@aws-sdk/client-transcribe-streaming';
import type { Word } from '../contract/types.ts';
import type { TranscriptEvent } from './transcriber.ts';

/**
 * Turns the service's results into events. A result replaces earlier ones of the same ResultId; results without words
 * are no utterance.
 */
export class AwsResults {
  readonly #language: string;
  /** Utterances without a final so far, as they were last heard. */
  readonly #open = new Map<string, TranscriptEvent>();

  /** @param language what was asked for; it stands in for a result that does not say its own. */
  constructor(language: string) {
    this.#language = language === 'auto' ? 'und' : language;
  }

  /** Whether something is half said. */
  get open(): boolean {
    return this.#open.size > 0;
  }

  event(result: Result): TranscriptEvent | null {
    const event = this.#read(result);
    // A final without words takes a partial back. Everybody has read that partial, so it stands as it was.
    const last = this.#open.get(event.utteranceId);
    const told = event.text.trim() ? event : result.IsPartial || !last ? null : asFinal(last);
    if (told?.type === 'partial') this.#open.set(told.utteranceId, told);
    if (told?.type === 'final') this.#open.delete(told.utteranceId);
    return told;
  }

  #read(result: Result): TranscriptEvent {
    const { Transcript: text = '', Items: items = [] } = result.Alternatives?.[0] ?? {};
    const words = items.filter(({ Type }) => Type === 'pronunciation').map(toWord);
    const start = result.StartTime ?? words[0]?.start ?? 0;
    const type = result.IsPartial ? 'partial' : 'final';
    return {
      type,
      utteranceId: result.ResultId ?? String(start),
      text,
      stableChars: type === 'final' ? text.length : stableChars(text, items),
      language: result.LanguageCode ?? this.#language,
      start,
      end: Math.max(start, result.EndTime ?? 0, ...words.map(({ end }) => end)),
      confidence: mean(words.flatMap(({ confidence }) => confidence ?? [])),
      words,
    };
  }
}

function asFinal(event: TranscriptEvent): TranscriptEvent {
  return { ...event, type: 'final', stableChars: event.text.length };
}

function toWord({ Content = '', StartTime = 0, EndTime = StartTime, Confidence }: Item): Word {
  return { text: Content, start: StartTime, end: EndTime, confidence: Confidence ?? null };
}

function mean(values: number[]): number | null {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

/** How much of the text the leading stable items cover. */
function stableChars(text: string, items: Item[]): number {
  let stable = 0;
  for (const { Content = '', Stable } of items) {
    const at = text.indexOf(Content, stable);
    if (!Stable || at < 0 || text.slice(stable, at).trim()) break;
    stable = at + Content.length;
  }
  return stable;
}
