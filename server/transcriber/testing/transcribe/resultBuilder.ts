import { randomUUID } from 'node:crypto';
import type { RequestOptions } from './requestOptions.ts';
import { type Heard, voiceOf } from './toneRecognizer.ts';

const SILENCE_SECONDS = 0.3;
/** What counts as personal data in the language of tones. */
const PERSONAL = ['ten', 'world'];

type Word = { word: string; start: number; end: number };
type Utterance = { id: string; words: Word[] };
type Item = Record<string, unknown> & { Content: string };

/**
 * Writes down what was heard, in the shape of the service's results: partials that replace each other by ResultId,
 * whose last word is a guess and all before it stable; then a final, with confidences and a full stop, after a
 * silence or at the end. Personal data is masked in finals only, as by the service.
 */
export class ResultBuilder {
  readonly #options: RequestOptions;
  readonly #filtered: string[];
  #utterance: Utterance | undefined;

  /** @param filtered the words of the vocabulary filter that was asked for. */
  constructor(options: RequestOptions, filtered: string[]) {
    this.#options = options;
    this.#filtered = filtered;
  }

  note({ word, start, end }: Heard): object | undefined {
    if (word !== null) {
      this.#utterance ??= { id: randomUUID(), words: [] };
      this.#utterance.words.push({ word, start, end });
      return this.#partial(this.#utterance);
    }
    const spokenUntil = this.#utterance?.words.at(-1)?.end ?? end;
    return end - spokenUntil > SILENCE_SECONDS ? this.end() : undefined;
  }

  /** The final of what is being said, if anything is. */
  end(): object | undefined {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    if (!utterance) return;
    const { redaction } = this.#options;
    const items = this.#filter(utterance.words).map((heard) => {
      const masked = redaction && PERSONAL.includes(heard.word) ? { ...heard, word: '[PII]' } : heard;
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
    const items = words.map((heard, i) => {
      const last = i === words.length - 1;
      return this.#item(last ? { ...heard, word: heard.word.slice(0, 2) } : heard, !last);
    });
    const Alternatives = [{ Transcript: textOf(items), Items: items }];
    return this.#result(utterance, { IsPartial: true, Alternatives });
  }

  #filter(words: Word[]): Word[] {
    const { filterMethod } = this.#options;
    return words.flatMap((heard) => {
      if (!this.#filtered.includes(heard.word) || filterMethod === 'tag') return heard;
      return filterMethod === 'remove' ? [] : { ...heard, word: '***' };
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
      ...(speakers ? { Speaker: `spk_${voiceOf(word)}` } : {}),
      ...(this.#filtered.includes(word) ? { VocabularyFilterMatch: true } : {}),
    };
  }

  #result({ id, words }: Utterance, said: { IsPartial: boolean; Alternatives: object[] }): object {
    return {
      ResultId: id,
      StartTime: words[0]?.start,
      EndTime: words.at(-1)?.end,
      ChannelId: 'ch_0',
      ...said,
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
