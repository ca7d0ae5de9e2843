import type { Item, Result } from '@aws-sdk/client-transcribe-streaming';
import type { Word } from '../../../contract/types.ts';
import type { SpeechOptions, TranscriptEvent } from '../transcriber.ts';

/**
 * Turns the service's results into events. A result replaces earlier ones of the same ResultId. Results without words
 * make no utterance. Where personal data is masked, only finals become events: the service masks finals only.
 */
export class AwsResults {
  readonly #language: string;
  readonly #finalsOnly: boolean;
  /** The latest partial of each utterance that has no final yet. */
  readonly #open = new Map<string, TranscriptEvent>();

  /** @param options the options of the request. Their language is used for a result that names none. */
  constructor({ language, settings }: Pick<SpeechOptions, 'language' | 'settings'>) {
    this.#language = language === 'auto' ? 'und' : language;
    this.#finalsOnly = settings?.redact ?? false;
  }

  /** Whether an utterance has begun that has no final yet. */
  get open(): boolean {
    return this.#open.size > 0;
  }

  /** The event for a result, or null if there is nothing to show. */
  event(result: Result): TranscriptEvent | null {
    const event = this.#toEvent(result);
    const { utteranceId } = event;
    const hasText = event.text.trim() !== '';
    if (event.type === 'partial') {
      if (hasText) this.#open.set(utteranceId, event);
      return hasText && !this.#finalsOnly ? event : null;
    }
    const lastPartial = this.#open.get(utteranceId);
    this.#open.delete(utteranceId);
    if (hasText) return event;
    // A final without words takes its partials back. But people have read the last partial, so it becomes the final.
    return lastPartial && !this.#finalsOnly ? asFinal(lastPartial) : null;
  }

  #toEvent(result: Result): TranscriptEvent {
    const { Transcript: text = '', Items: items = [] } = result.Alternatives?.[0] ?? {};
    const words = items.filter(({ Type }) => Type === 'pronunciation').map(toWord);
    const start = result.StartTime ?? words[0]?.start ?? 0;
    const type = result.IsPartial ? 'partial' : 'final';
    return {
      type,
      utteranceId: result.ResultId ?? String(start),
      text,
      stableChars: type === 'final' ? text.length : stableChars(text, items),
      language: languageOf(result) ?? this.#language,
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

/** The language of a result. A result of language identification may list several languages, with scores. */
function languageOf({ LanguageCode, LanguageIdentification = [] }: Result): string | undefined {
  const [best] = LanguageIdentification.toSorted((a, b) => (b.Score ?? 0) - (a.Score ?? 0));
  return LanguageCode ?? best?.LanguageCode;
}

function toWord({ Content = '', StartTime = 0, EndTime = StartTime, Confidence, Speaker }: Item): Word {
  const word = { text: Content, start: StartTime, end: EndTime, confidence: Confidence ?? null };
  // Older answers of the service say “0”, newer ones “spk_0”.
  return Speaker === undefined ? word : { ...word, speaker: Speaker.replace(/^spk_/, '') };
}

function mean(values: number[]): number | null {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

/** How many leading characters of the text the leading stable items cover. */
function stableChars(text: string, items: Item[]): number {
  let stable = 0;
  for (const { Content = '', Stable } of items) {
    const at = text.indexOf(Content, stable);
    if (!Stable || at < 0 || text.slice(stable, at).trim()) break;
    stable = at + Content.length;
  }
  return stable;
}
