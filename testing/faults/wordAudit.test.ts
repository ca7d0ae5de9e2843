import { describe, expect, test } from 'vitest';
import type { GapReason, Message } from '../../contract/types.ts';
import { numberText } from '../../server/transcriber/testing/transcribe/numberRecognizer.ts';
import { iso, MORNING } from '../utterance.ts';
import type { FaultRecord } from './faultLog.ts';
import { auditWords } from './wordAudit.ts';

/** Two words a second, for ten minutes. */
const spoken = Array.from({ length: 1_200 }, (_, number) => ({ number, at: MORNING + 500 * number }));

/** A message with these words, which begins when the first of them was said. */
const said = (...texts: string[]) =>
  ({
    speech: {
      startedAt: iso((Number.parseInt(texts[0] ?? '', 10) || 0) / 2),
      endedAt: iso(600),
      words: texts.map((text, i) => ({ text, start: i / 2 })),
    },
  }) as Message;
/** A message with the words from this number up to that one. */
const words = (from: number, to: number) =>
  said(...spoken.slice(from, to).map(({ number }) => numberText(number)));
const gap = (from: number, to: number, reason: GapReason = 'engine') =>
  ({ speech: { startedAt: iso(from), endedAt: iso(to), words: [], gap: reason } }) as unknown as Message;
const later = ({ speech, ...message }: Message, seconds: number) => {
  const startedAt = new Date(Date.parse(speech?.startedAt ?? '') + 1_000 * seconds).toISOString();
  return { ...message, speech: { ...speech, startedAt } } as Message;
};
const inStream = (streamId: string, ...messages: Message[]) =>
  messages.map(({ speech, ...message }) => ({ ...message, speech: { ...speech, streamId } }) as Message);
const fault = (name: string, from: number, to: number): FaultRecord => ({
  ...{ name, kills: false, from: MORNING + 1_000 * from, to: MORNING + 1_000 * to },
});

/** The engine is away from second 100 to 260, so up to about second 200 nothing is heard. */
const away = [fault('engine frozen', 100, 260)];
const toldGap = [words(0, 200), gap(100, 200), words(400, 1_200)];

/** The counts that are not 0. */
function found(messages: Message[], faults = away) {
  const { words, gapSeconds, lateSeconds, notes, ...counts } = auditWords(spoken, messages, faults);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

describe('the audit of words finds nothing', () => {
  test.each<[string, Message[]]>([
    ['when all words are there once and in order', [words(0, 700), words(700, 1_200)]],
    ['when missing words are told as a gap of the same length', toldGap],
    [
      'when the times of a stream are all wrong by the same time',
      [words(0, 200), ...inStream('late', gap(107, 207), later(words(400, 600), 7)), words(600, 1_200)],
    ],
    ['when a short gap held silence only', [words(0, 200), gap(99, 101), words(200, 1_200)]],
    ['when times differ by a second or two', [words(0, 200), gap(102, 198), words(400, 1_200)]],
    [
      'when a gap begins and ends inside a word',
      [words(0, 200), said('02??'), gap(100, 200), said('??99'), words(400, 1_200)],
    ],
    [
      'when the last word before a gap is a guess',
      [words(0, 199), said(numberText(199).slice(0, 2)), gap(100, 200), words(400, 1_200)],
    ],
  ])('%s', (_, messages) => expect(found(messages)).toEqual({}));
});

describe('the audit of words finds', () => {
  test.each<[string, Message[], object]>([
    ['a lost word', [words(0, 500), words(501, 1_200)], { wordsLost: 1, causelessGaps: 1 }],
    ['a lost end', [words(0, 1_190)], { wordsLost: 10, causelessGaps: 1 }],
    ['two runs of lost words', [words(5, 90), words(96, 1_200)], { wordsLost: 11, causelessGaps: 2 }],
    ['a doubled word', [words(0, 500), words(499, 1_200)], { wordsDoubled: 1 }],
    ['a word that nobody said', [words(0, 500), said('12?4'), words(500, 1_200)], { wordsDoubled: 1 }],
    ['a guess at another word', [words(0, 500), said('07'), words(500, 1_200)], { wordsDoubled: 1 }],
    ['a number that was not reached', [words(0, 1_200), said('1200')], { wordsDoubled: 1 }],
    [
      'messages in the wrong order',
      [words(0, 100), words(102, 1_200), words(100, 102)],
      { wordsReordered: 2 },
    ],
    [
      'a gap before earlier words',
      [gap(100, 200), words(0, 200), words(400, 1_200)],
      { wordsReordered: 194 },
    ],
    ['a gap after later words', [words(0, 200), words(400, 1_200), gap(100, 200)], { wordsReordered: 1 }],
    [
      'a gap where nothing is missing',
      [words(0, 200), gap(100, 200), words(200, 1_200)],
      { causelessGaps: 1 },
    ],
    ['a gap that is told twice', [...toldGap.slice(0, 2), ...toldGap.slice(1)], { causelessGaps: 1 }],
    [
      'a gap that is ten seconds too long',
      [words(0, 200), gap(100, 200), words(380, 1_200)],
      { causelessGaps: 1 },
    ],
    [
      'words that are missing beside a gap',
      [words(0, 180), gap(100, 200), words(400, 1_200)],
      { wordsLost: 14, causelessGaps: 1 },
    ],
  ])('%s', (_, messages, counts) => expect(found(messages)).toEqual(counts));

  const cause = (reason: GapReason, ...faults: FaultRecord[]) =>
    found([words(0, 200), gap(100, 200, reason), words(400, 1_200)], faults);
  const causeless = { causelessGaps: 1 };

  test.each<[string, object, object]>([
    ['a gap without any fault', cause('engine'), causeless],
    [
      'a gap that a fault of another time does not explain',
      cause('engine', fault('engine killed', 300, 500)),
      causeless,
    ],
    [
      'a gap of the engine while only a server was away',
      cause('engine', fault('server killed', 100, 260)),
      causeless,
    ],
    [
      'a gap while the engine was away for less than audio is kept',
      cause('engine', fault('engine killed', 100, 210)),
      causeless,
    ],
    ['a queue although nobody throttled', cause('queue', ...away), causeless],
    [
      'a queue long after a short throttling',
      cause('queue', fault('engine throttling', 160, 170)),
      causeless,
    ],
  ])('%s', (_, counts, expected) => expect(counts).toEqual(expected));

  test.each<[string, object]>([
    [
      'faults of the engine that follow each other',
      cause('engine', fault('engine killed', 99, 150), fault('engine refusing', 155, 250)),
    ],
    ['a queue while the engine throttled', cause('queue', fault('engine throttling', 100, 250))],
    ['a network that was away', cause('network', fault('proxy frozen', 100, 250))],
  ])('no fault in a gap with a cause: %s', (_, counts) => expect(counts).toEqual({}));
});

test('the audit says how much audio was told to be lost, and names each finding with its time', () => {
  const { gapSeconds, notes } = auditWords(spoken, [words(0, 200), gap(100, 200), words(402, 1_200)], away);
  expect(gapSeconds).toBe(100);
  expect(notes).toEqual(['told: the gap (engine) from 08:01:40.000 to 08:03:20.000']);
  expect(auditWords(spoken, [words(1, 1_200)], []).notes).toEqual(['lost: 1 words at 08:00:00.000']);
  const late = inStream('late', later(words(0, 2), 5));
  expect(auditWords(spoken, [...late, words(2, 1_200)], [])).toMatchObject({
    lateSeconds: 5,
    notes: ['5 s late: the times of stream late'],
  });
});
