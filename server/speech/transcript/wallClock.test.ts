import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utteranceAt } from '../../../testing/utterance.ts';
import { plainTextWriter } from './plainText.ts';
import { WallClock } from './wallClock.ts';

/** `at` is the instant at which the clocks are set back, and `minutes` how far. */
const SET_BACK = [
  { timeZone: 'Europe/Berlin', at: '2026-10-25T01:00:00Z', minutes: 60 },
  { timeZone: 'Europe/London', at: '2026-10-25T01:00:00Z', minutes: 60 },
  { timeZone: 'Europe/Dublin', at: '2026-10-25T01:00:00Z', minutes: 60 },
  { timeZone: 'Atlantic/Azores', at: '2026-10-25T01:00:00Z', minutes: 60 },
  { timeZone: 'America/New_York', at: '2026-11-01T06:00:00Z', minutes: 60 },
  { timeZone: 'America/St_Johns', at: '2026-11-01T04:30:00Z', minutes: 60 },
  { timeZone: 'America/Santiago', at: '2026-04-05T03:00:00Z', minutes: 60 },
  { timeZone: 'Australia/Lord_Howe', at: '2026-04-04T15:00:00Z', minutes: 30 },
  { timeZone: 'Australia/Adelaide', at: '2026-04-04T16:30:00Z', minutes: 60 },
  // A summer time of two hours, and offsets that changed without a summer time.
  { timeZone: 'Antarctica/Troll', at: '2026-10-25T01:00:00Z', minutes: 120 },
  { timeZone: 'Asia/Pyongyang', at: '2015-08-14T15:00:00Z', minutes: 30 },
  { timeZone: 'Europe/Volgograd', at: '2020-12-26T22:00:00Z', minutes: 60 },
  { timeZone: 'America/Caracas', at: '2007-12-09T07:00:00Z', minutes: 30 },
  { timeZone: 'Pacific/Kwajalein', at: '1969-09-30T13:00:00Z', minutes: 23 * 60 },
];
/** Zones without such a moment near the instants of the tests below, and zones that only jump forwards. */
const PLAIN = [
  ['UTC', '2026-10-25T01:00:00Z'],
  ['Asia/Seoul', '2026-10-25T01:00:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
] as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const marked = /^\d\d:\d\d:\d\dZ \(\d\d:\d\d:\d\d[+-]\d\d:\d\d(:\d\d)?\)$/;
const unmarked = /^\d\d:\d\d:\d\d$/;

describe.each(SET_BACK)(
  'when the clocks of $timeZone go back by $minutes min',
  ({ timeZone, at, minutes }) => {
    const clock = new WallClock(timeZone);
    const backMs = Date.parse(at);
    const isTwice = (ms: number) => Math.abs(2 * (ms - backMs) + 1) < 2 * minutes * MINUTE;

    test('exactly the times that come twice name their offset', () => {
      const offsets = fc.integer({ min: -3 * minutes * 60, max: 3 * minutes * 60 });
      const edges = [-minutes * 60 - 1, -minutes * 60, -1, 0, minutes * 60 - 1, minutes * 60];
      const expectMark = (seconds: number) => {
        const ms = backMs + seconds * SECOND;
        expect(clock.read(ms).time).toMatch(isTwice(ms) ? marked : unmarked);
      };
      for (const seconds of edges) expectMark(seconds);
      fc.assert(fc.property(offsets, expectMark), { seed: 1, numRuns: 60 });
    });

    test('no two seconds read alike, and a marked one says when it was', () => {
      const seconds = [-minutes * 60, -100, -1, 0, 1, minutes * 60 - 101, minutes * 60 - 1];
      const read = seconds.map((second) => clock.read(backMs + second * SECOND));
      expect(new Set(read.map(({ day, time }) => `${day} ${time}`)).size).toBe(seconds.length);
      for (const [i, { day, time }] of read.entries()) {
        const [, local, offset] = /\((.{8})(.*)\)/.exec(time) ?? [];
        expect(Date.parse(`${day}T${local}${offset}`)).toBe(backMs + (seconds[i] as number) * SECOND);
      }
    });
  },
);

test.each(PLAIN)('a clock of %s that never goes back marks nothing around %s', (timeZone, at) => {
  const clock = new WallClock(timeZone);
  for (
    let ms = Date.parse(at) - 26 * 60 * MINUTE;
    ms < Date.parse(at) + 26 * 60 * MINUTE;
    ms += 10 * MINUTE
  ) {
    expect(clock.read(ms).time).toMatch(unmarked);
  }
});

test('in the hour that comes twice, the lines of plain text read in their order and name their offset', () => {
  const writer = plainTextWriter({
    room: { id: 'room', name: 'Hall' },
    from: undefined,
    timeZone: 'Europe/Berlin',
  });
  const said = [
    '2026-10-24T23:59:59.900Z',
    '2026-10-25T00:30:00.000Z',
    '2026-10-25T01:29:59.000Z',
    '2026-10-25T02:00:00.000Z',
  ];
  const text = said.map((at) => writer.add({ ...utteranceAt('said', 0), startedAt: at, words: [] })).join('');
  expect(text).toBe(
    [
      '',
      '2026-10-25',
      '',
      '01:59:59  Ada: said',
      '00:30:00Z (02:30:00+02:00)  Ada: said',
      '01:29:59Z (02:29:59+01:00)  Ada: said',
      '03:00:00  Ada: said',
      '',
    ].join('\n'),
  );
});
