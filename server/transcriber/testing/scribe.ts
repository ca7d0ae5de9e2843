import { randomUUID } from 'node:crypto';
import type { Heard } from './toneEar.ts';

const SILENCE_SECONDS = 0.3;

type Word = { word: string; start: number; end: number };
type Utterance = { id: string; words: Word[] };

/** What the request asked for, as its headers say it. */
export type ScribeOptions = { language: string | undefined; stabilised: boolean };

/**
 * Writes down what was heard, in the shape of the service's results: partials that replace each other by ResultId,
 * whose last word is a guess and all before it stable; then a final, with confidences and a full stop, after a
 * silence or at the end.
 */
export class Scribe {
  readonly #options: ScribeOptions;
  #utterance: Utterance | undefined;

  constructor(options: ScribeOptions) {
    this.#options = options;
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
    const items = utterance.words.map((word) => ({ ...this.#item(word, true), Confidence: 0.9 }));
    const end = items.at(-1)?.EndTime;
    const stop = { Type: 'punctuation', Content: '.', StartTime: end, EndTime: end, Stable: true };
    const text = `${utterance.words.map(({ word }) => word).join(' ')}.`;
    return this.#result(utterance, { IsPartial: false, text, items: [...items, stop] });
  }

  #partial(utterance: Utterance): object {
    const words = utterance.words.map((heard, i) =>
      i < utterance.words.length - 1 ? heard : { ...heard, word: heard.word.slice(0, 2) },
    );
    const items = words.map((word, i) => this.#item(word, i < words.length - 1));
    const text = words.map(({ word }) => word).join(' ');
    return this.#result(utterance, { IsPartial: true, text, items });
  }

  #item({ word, start, end }: Word, stable: boolean) {
    const item = { Type: 'pronunciation', Content: word, StartTime: start, EndTime: end };
    return this.#options.stabilised ? { ...item, Stable: stable } : item;
  }

  #result({ id, words }: Utterance, said: { IsPartial: boolean; text: string; items: object[] }): object {
    return {
      ResultId: id,
      StartTime: words[0]?.start,
      EndTime: words.at(-1)?.end,
      IsPartial: said.IsPartial,
      Alternatives: [{ Transcript: said.text, Items: said.items }],
      ChannelId: 'ch_0',
      ...this.#language(words),
    };
  }

  #language(words: Word[]): object {
    if (this.#options.language) return { LanguageCode: this.#options.language };
    const code = words.some(({ word }) => /\p{Script=Hangul}/u.test(word)) ? 'ko-KR' : 'en-US';
    return { LanguageCode: code, LanguageIdentification: [{ LanguageCode: code, Score: 0.9 }] };
  }
}
