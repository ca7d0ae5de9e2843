import type { Item, LanguageWithScore, Result } from '@aws-sdk/client-transcribe-streaming';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import { AwsResults } from './results.ts';

const word = (Content: string, Stable: boolean): Item => ({ Type: 'pronunciation', Content, Stable });
const mark = (Content: string, Stable: boolean): Item => ({ Type: 'punctuation', Content, Stable });

function result(text: string, items: Item[], rest: Partial<Result> = {}): Result {
  const Alternatives = [{ Transcript: text, Items: items }];
  return { ResultId: 'r1', StartTime: 1, EndTime: 2, IsPartial: true, Alternatives, ...rest };
}

const resultsFor = (language: string, settings?: SpeechSettings) => new AwsResults({ language, settings });

describe('AwsResults', () => {
  const stable = (text: string, items: Item[]) => resultsFor('en-US').event(result(text, items))?.stableChars;

  test('counts the leading stable items as stable, with the spaces and marks between them', () => {
    expect(
      stable('Well, I do.', [word('Well', true), mark(',', true), word('I', true), word('do', false)]),
    ).toBe(7);
    expect(stable('그는 이리', [word('그는', true), word('이리', false)])).toBe(2);
    expect(stable('no no no', [word('no', true), word('no', true), word('no', false)])).toBe(5);
  });

  test('counts no item after an unstable one, and none that is not in the text', () => {
    expect(stable('a b c', [word('a', true), word('b', false), word('c', true)])).toBe(1);
    expect(stable('a b c', [word('b', true), word('c', true)])).toBe(0);
    expect(stable('a b c', [])).toBe(0);
  });

  test('makes no event of results without words', () => {
    const results = resultsFor('en-US');
    expect(results.event(result('', []))).toBeNull();
    expect(results.event(result(' ', [], { IsPartial: false }))).toBeNull();
    expect(results.event({ ResultId: 'r1', IsPartial: true })).toBeNull();
    expect(results.open).toBe(false);
  });

  test('makes the last partial the final when the service takes the utterance back', () => {
    const results = resultsFor('en-US');
    results.event(result('hello', [word('hello', false)]));
    expect(results.open).toBe(true);
    const final = results.event(result('', [], { IsPartial: false }));
    expect(final).toMatchObject({ type: 'final', utteranceId: 'r1', text: 'hello', stableChars: 5 });
    expect(results.open).toBe(false);
  });

  test('names the language of the result, else the requested one, else “und”', () => {
    const hello = result('hello', []);
    expect(resultsFor('auto').event({ ...hello, LanguageCode: 'ko-KR' })?.language).toBe('ko-KR');
    expect(resultsFor('en-US').event(hello)?.language).toBe('en-US');
    expect(resultsFor('auto').event(hello)?.language).toBe('und');
  });

  test('names the language with the highest score', () => {
    const LanguageIdentification: LanguageWithScore[] = [
      { LanguageCode: 'en-US', Score: 0.3 },
      { LanguageCode: 'ko-KR', Score: 0.7 },
      { LanguageCode: 'ja-JP' },
    ];
    expect(resultsFor('auto').event(result('안녕', [], { LanguageIdentification }))?.language).toBe('ko-KR');
  });

  test('with masking, emits finals only, and no partial that the service takes back', () => {
    const results = resultsFor('en-US', { ...DEFAULT_SPEECH_SETTINGS, redact: true });
    expect(results.event(result('my name is Kim', []))).toBeNull();
    expect(results.open).toBe(true);
    expect(results.event(result('', [], { IsPartial: false }))).toBeNull();
    expect(results.open).toBe(false);
    results.event(result('my name is Kim', [], { ResultId: 'r2' }));
    const Entities = [{ Category: 'PII', Type: 'NAME', Content: '[NAME]' }];
    const Alternatives = [{ Transcript: 'My name is [NAME].', Items: [word('[NAME]', true)], Entities }];
    const final = results.event(result('', [], { ResultId: 'r2', IsPartial: false, Alternatives }));
    expect(final).toMatchObject({ text: 'My name is [NAME].', words: [{ text: '[NAME]' }] });
  });

  test('keeps a final that has a text but no items', () => {
    const final = resultsFor('en-US').event(
      result('Well.', [], { IsPartial: false, Alternatives: [{ Transcript: 'Well.' }] }),
    );
    expect(final).toMatchObject({ text: 'Well.', start: 1, end: 2, words: [], confidence: null });
  });

  test.each([
    ['spk_12', '12'],
    ['0', '0'],
  ])('names the speaker %s “%s”', (Speaker, speaker) => {
    const event = resultsFor('en-US').event(result('go', [{ ...word('go', true), Speaker }]));
    expect(event?.words[0]?.speaker).toBe(speaker);
  });

  test('extends the utterance to the end of its words, and lists no punctuation as a word', () => {
    const items = [{ ...word('late', true), StartTime: 1.9, EndTime: 2.1, Confidence: 0.5 }, mark('.', true)];
    const event = resultsFor('en-US').event(result('late.', items, { IsPartial: false }));
    expect(event).toMatchObject({ start: 1, end: 2.1, confidence: 0.5 });
    expect(event?.words).toEqual([{ text: 'late', start: 1.9, end: 2.1, confidence: 0.5 }]);
  });
});
