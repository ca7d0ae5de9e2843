import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Utterance } from '../../../contract/types.ts';
import { iso, MORNING, utteranceAt } from '../../../testing/utterance.ts';
import { CueQueue } from './cueQueue.ts';
import { type Cue, cuesOf, LONGEST_MS, SHORTEST_MS } from './cues.ts';
import { LINE_WIDTH, widthOf } from './width.ts';

const cues = (utterance: Utterance) => cuesOf(utterance, () => '');

/** The start and the end of a cue, in seconds of the morning. */
const times = ({ startMs, endMs }: Cue) => [startMs - MORNING, endMs - MORNING].map((ms) => ms / 1_000);

/** The cues of all utterances in the order of a file. */
function inOrder(utterances: Utterance[], prefix = (_: string) => ''): Cue[] {
  const queue = new CueQueue();
  return [...utterances.flatMap((one) => queue.add(cuesOf(one, prefix))), ...queue.flush()];
}

describe('a cue', () => {
  test('holds a whole short utterance, and is shown from its first word to its last, for at least a second', () => {
    const [cue, ...others] = cues(utteranceAt('Good morning everybody, shall we start?', 10));
    expect(others).toEqual([]);
    expect(cue?.lines).toEqual(['Good morning everybody, shall we start?']);
    expect(times(cue as Cue)).toEqual([10, 12]);
    expect(times(cues(utteranceAt('Yes.', 10))[0] as Cue)).toEqual([10, 11]);
  });

  test('has two lines of similar width, broken at punctuation if that is near', () => {
    const text = 'When the meeting is over, everybody will go home again.';
    expect(cues(utteranceAt(text, 0))[0]?.lines).toEqual([
      'When the meeting is over,',
      'everybody will go home again.',
    ]);
  });

  test('ends at a sentence, or else at a clause; the next one begins with its own first word', () => {
    const text =
      'This was the first of the sentences here. And this is the second one, which goes on for a good deal more than one cue can hold.';
    const [first, second, third] = cues(utteranceAt(text, 0));
    expect(first?.lines.join(' ')).toBe('This was the first of the sentences here.');
    expect(second?.lines.join(' ')).toBe('And this is the second one,');
    expect(third?.lines.join(' ')).toBe('which goes on for a good deal more than one cue can hold.');
    expect([first, second, third].map((cue) => (cue ? times(cue)[0] : null))).toEqual([0, 2.667, 4.667]);
  });

  test('holds 16 Korean syllables a line', () => {
    const text = '그는 이리저리 피하면서 길 한 옆으로 걸어갔다 그리고 집으로 돌아와서 저녁을 먹고 잠을 잤다';
    const lines = cues(utteranceAt(text, 0, { language: 'ko-KR' })).flatMap((cue) => cue.lines);
    expect(lines.join(' ')).toBe(text);
    for (const line of lines) expect(line.replaceAll(' ', '').length).toBeLessThanOrEqual(16);
  });

  test('of a language without spaces is broken between words, never before a full stop', () => {
    const text = '今天我们讨论新的项目计划以及下一个季度的预算安排。'.repeat(4);
    const words = [...'今天我们讨论新的项目计划'].map((one, i) => ({
      ...{ text: one, start: i, end: i + 1, confidence: null },
    }));
    const lines = cues(utteranceAt(text, 0, { language: 'zh-CN', words })).flatMap((cue) => cue.lines);
    expect(lines.join('')).toBe(text);
    for (const line of lines) expect(line).not.toMatch(/^。/);
  });

  test('never reaches over a long silence, so that nobody reads words before they are said', () => {
    const { words, ...said } = utteranceAt('Wait. Now.', 0);
    const [wait, now] = words;
    const later = { text: 'Now', confidence: null, start: 103, end: 103.5 };
    expect(now).toBeDefined();
    const both = cues({ ...said, words: [wait as (typeof words)[0], later] });
    expect(both.map((cue) => [...cue.lines, ...times(cue)])).toEqual([
      ['Wait.', 0, 1],
      ['Now.', 3, 4],
    ]);
  });

  test('of a gap says how long the gap is', () => {
    const gap = utteranceAt('', 60, { gap: 'network', endedAt: iso(72) });
    expect(cues(gap).map((cue) => [...cue.lines, ...times(cue)])).toEqual([['[not heard: 12 s]', 60, 67]]);
  });

  test('has one voice, if several people share a microphone', () => {
    const said = utteranceAt('Hello there. Hi yourself.', 0);
    const words = said.words.map((word, i) => ({ ...word, speaker: i < 2 ? '0' : '1' }));
    expect(cues({ ...said, words }).map(({ name, lines }) => [name, ...lines])).toEqual([
      ['Ada (1)', 'Hello there.'],
      ['Ada (2)', 'Hi yourself.'],
    ]);
  });
});

describe('the times of a corrected utterance', () => {
  test('are the times of the recognised words, if there are as many words', () => {
    const said = utteranceAt('I red him the letter', 0);
    const corrected = { ...said, text: 'I read him the letter', original: said.text };
    expect(cues(corrected)[0]).toEqual({ ...cues(said)[0], lines: ['I read him the letter'] });
  });

  test('are spread over the recognised words and the silence between them, if there are more or fewer words', () => {
    const said = utteranceAt('one two', 0);
    const word = (text: string, start: number, end: number) => ({ text, start, end, confidence: null });
    const words = [word('one', 5, 6), word('two', 9, 10)];
    const corrected = { ...said, words, text: 'first half, second half', original: said.text };
    expect(cues(corrected).map((cue) => [...cue.lines, ...times(cue)])).toEqual([
      ['first half,', 0, 1],
      ['second half', 4, 5],
    ]);
  });
});

test('utterances keep their wall-clock times after the stream was suspended', () => {
  const late = utteranceAt('Back again.', 3_600);
  const words = late.words.map((word) => ({ ...word, start: word.start + 4_000, end: word.end + 4_000 }));
  expect(inOrder([utteranceAt('Before.', 0), { ...late, words }]).map(times)).toEqual([
    [0, 1],
    [3_600, 3_601],
  ]);
});

test('cues of people who speak at once overlap, in the order of their starts', () => {
  const ada = utteranceAt(
    'one two three four five six. seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen',
    0,
  );
  const ben = utteranceAt('I see.', 3, { speaker: { id: 'ben', name: 'Ben' } });
  const shown = inOrder([ada, ben]);
  expect(shown.map(({ name }) => name)).toEqual(['Ada', 'Ada', 'Ben', 'Ada']);
  const [, long, short] = shown.map(times);
  expect(long?.[1]).toBeGreaterThan(short?.[0] as number);
});

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        '그는',
        '이리저리',
        '걸어갔다.',
        'yes,',
        '-->',
        '<b>',
        '👩‍👩‍👧‍👦',
        'x'.repeat(99),
        'שלום',
      ),
    ),
    { maxLength: 60 },
  )
  .map((words) => words.join(' '));

const seconds = fc.double({ min: 0, max: 40, noNaN: true });

const utterance = fc
  .record({
    text,
    at: fc.integer({ min: 0, max: 60 }),
    words: fc.array(fc.record({ text: fc.string({ maxLength: 8 }), start: seconds, end: seconds }), {
      maxLength: 60,
    }),
    who: fc.constantFrom('ada', 'ben'),
    language: fc.constantFrom('ko-KR', 'en-US', 'und', 'nonsense!'),
    gap: fc.constantFrom(undefined, undefined, undefined, 'engine' as const),
  })
  .map(({ words, who, at, text: said, ...more }) => ({
    ...utteranceAt(said, at),
    ...more,
    words: words.map((word) => ({ ...word, confidence: null })),
    speaker: { id: who, name: who === 'ada' ? 'Ada' : 'A name that goes on and on, 사십 자에 가까운' },
  }));

const squeezed = (said: string) => said.replace(/[\s\p{Cc}]+/gu, '');

test('for any result and any correction, the cues can be read and no text is lost', () => {
  fc.assert(
    fc.property(fc.array(utterance, { maxLength: 8 }), (unsorted) => {
      const utterances = unsorted.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
      const shown = inOrder(utterances);
      const ofSpeaker = Map.groupBy(shown, ({ speakerId }) => speakerId);
      for (const { lines, startMs, endMs } of shown) {
        expect(lines.length).toBeLessThanOrEqual(2);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(LINE_WIDTH);
        expect(endMs - startMs).toBeGreaterThanOrEqual(SHORTEST_MS);
        expect(endMs - startMs).toBeLessThanOrEqual(LONGEST_MS);
      }
      expect(shown.map(({ startMs }) => startMs)).toEqual(
        shown.map(({ startMs }) => startMs).sort((a, b) => a - b),
      );
      for (const [speakerId, own] of ofSpeaker) {
        for (const [i, cue] of own.entries()) {
          expect(cue.startMs).toBeGreaterThanOrEqual(own[i - 1]?.endMs ?? 0);
        }
        const said = utterances.filter((one) => one.speaker.id === speakerId);
        expect(squeezed(own.map(({ lines }) => lines.join('')).join(''))).toBe(
          said.map((one) => squeezed(one.gap ? (cues(one)[0]?.lines[0] ?? '') : one.text)).join(''),
        );
      }
    }),
    { numRuns: 300 },
  );
});
