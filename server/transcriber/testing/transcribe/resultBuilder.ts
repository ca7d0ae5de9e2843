import { randomUUID } from 'node:crypto';
import type { RequestOptions } from './requestOptions.ts';
import { type Recognized, speakerOf } from './toneRecognizer.ts';

const SILENCE_SECONDS = 0.3;
/** The words that count as personal data in the tests. */
const PERSONAL = ['ten', 'world'];

type Word = { word: string; start: number; end: number };
type Utterance = { id: string; words: Word[] };
type Item = Record<string, unknown> & { Content: string };

/**
 * Turns recognised words into results in the shape of the service's. Partials replace each other by ResultId; their
 * last word is a guess, the words before it are stable. A silence, or the end, makes a final with confidences and a
 * full stop. Like the service, it masks personal data in finals only.
 */
export class ResultBuilder {
  readonly #options: RequestOptions;
  readonly #filtered: string[];
  #utterance: Utterance | undefined;

  /** @param filtered the words of the request's vocabulary filter. */
  constructor(options: RequestOptions, filtered: string[]) {
    this.#options = options;
    this.#filtered = filtered;
  }

  /** Adds a word or a silence. Returns the new result, if there is one. */
  add({ word, start, end }: Recognized): object | undefined {
    if (word !== null) {
      this.#utterance ??= { id: randomUUID(), words: [] };
      this.#utterance.words.push({ word, start, end });
      return this.#partial(this.#utterance);
    }
    const speechEnd = this.#utterance?.words.at(-1)?.end ?? end;
    return end - speechEnd > SILENCE_SECONDS ? this.end() : undefined;
  }

  /** The final of the open utterance, if there is one. */
  end(): object | undefined {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    if (!utterance) return;
    const { redaction } = this.#options;
    const items = this.#filter(utterance.words).map((spoken) => {
      const masked = redaction && PERSONAL.includes(spoken.word) ? { ...spoken, word: '[PII]' } : spoken;
      return { ...this.#item(masked, true), Confidence: 0.9 };
    });
    const at = utterance.words.at(-1)?.end;
    const stop = { Type: 'punctuation', Content: '.', StartTime: at, EndTime: at, Stable: true };
    const text = items.length > 0 ? `${textOf(items)}.` : '';
    return this.#result(utterance, {
      IsPartial: false,
      Alternatives: [{ Transcript: text, Items: items.length > 0 ? [...items, stop] : [] }],
    });
  }

  #partial(utterance: Utterance): object {
    const words = this.#filter(utterance.words);
    const items = words.map((spoken, i) => {
      const last = i === words.length - 1;
      return this.#item(last ? { ...spoken, word: spoken.word.slice(0, 2) } : spoken, !last);
    });
    const Alternatives = [{ Transcript: textOf(items), Items: items }];
    return this.#result(utterance, { IsPartial: true, Alternatives });
  }

  #filter(words: Word[]): Word[] {
    const { filterMethod } = this.#options;
    return words.flatMap((spoken) => {
      if (!this.#filtered.includes(spoken.word) || filterMethod === 'tag') return spoken;
      return filterMethod === 'remove' ? [] : { ...spoken, word: '***' };
    });
  }

  #item({ word, start, end }: Word, stable: boolean): Item {
    const { stabilised, speakers } = this.#options;
    return {
      Type: 'pronunciation',
      Content: word,
      StartTime: start,
      EndTime: end,
      ...(stabilised ? { Stable: stable } : {}),
      ...(speakers ? { Speaker: `spk_${speakerOf(word)}` } : {}),
      ...(this.#filtered.includes(word) ? { VocabularyFilterMatch: true } : {}),
    };
  }

  #result({ id, words }: Utterance, content: { IsPartial: boolean; Alternatives: object[] }): object {
    return {
      ResultId: id,
      StartTime: words[0]?.start,
      EndTime: words.at(-1)?.end,
      ChannelId: 'ch_0',
      ...content,
      ...this.#language(words),
    };
  }

  #language(words: Word[]): object {
    if (this.#options.language) return { LanguageCode: this.#options.language };
    const korean = words.some(({ word }) => /\p{Script=Hangul}/u.test(word));
    const code = this.#options.languageOptions.find((option) => option.startsWith('ko') === korean);
    return { LanguageCode: code, LanguageIdentification: [{ LanguageCode: code, Score: 0.9 }] };
  }
}

function textOf(items: Item[]): string {
  return items.map(({ Content }) => Content).join(' ');
}
