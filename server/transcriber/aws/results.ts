import type { Item, Result } from '@aws-sdk/client-transcribe-streaming';
import type { Word } from '../../../contract/types.ts';
import type { SpeechOptions, TranscriptEvent } from '../transcriber.ts';

/**
 * Turns the service's results into events. A result replaces earlier ones of the same ResultId; results without words
 * are no utterance. Where personal data is masked, only finals become events: the service masks nothing else.
 */
export class AwsResults {
  readonly #language: string;
  readonly #masked: boolean;
  /** Utterances without a final so far, as they were last heard. */
  readonly #open = new Map<string, TranscriptEvent>();

  /** @param options what was asked for; its language stands in for a result that does not say its own. */
  constructor({ language, settings }: Pick<SpeechOptions, 'language' | 'settings'>) {
    this.#language = language === 'auto' ? 'und' : language;
    this.#masked = settings?.redact ?? false;
  }

  /** Whether something is half said. */
  get open(): boolean {
    return this.#open.size > 0;
  }

  event(result: Result): TranscriptEvent | null {
    const heard = this.#read(result);
    const { utteranceId } = heard;
    const spoken = heard.text.trim() !== '';
    if (heard.type === 'partial') {
      if (spoken) this.#open.set(utteranceId, heard);
      return spoken && !this.#masked ? heard : null;
    }
    const last = this.#open.get(utteranceId);
    this.#open.delete(utteranceId);
    if (spoken) return heard;
    // A final without words takes a partial back. If everybody has read that partial, it stands as it was.
    return last && !this.#masked ? asFinal(last) : null;
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

/** Where several languages are looked for, each result names those it could be, with scores. */
function languageOf({ LanguageCode, LanguageIdentification = [] }: Result): string | undefined {
  const [best] = LanguageIdentification.toSorted((a, b) => (b.Score ?? 0) - (a.Score ?? 0));
  return LanguageCode ?? best?.LanguageCode;
}

function toWord({ Content = '', StartTime = 0, EndTime = StartTime, Confidence, Speaker }: Item): Word {
  const word = { text: Content, start: StartTime, end: EndTime, confidence: Confidence ?? null };
  // “0” in older answers of the service, “spk_0” in newer ones.
  return Speaker === undefined ? word : { ...word, speaker: Speaker.replace(/^spk_/, '') };
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
