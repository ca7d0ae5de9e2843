import { expect, test } from 'vitest';
import { iso, utteranceAt } from '../../../testing/utterance.ts';
import { jsonWriter } from './json.ts';
import { plainTextWriter } from './plainText.ts';

const room = { id: 'room', name: '회의\n실' };
const ben = { id: 'ben', name: 'Ben\u202e' };
const LATE = 6.75 * 3_600;

test('plain text has a heading for each day of its time zone, and a time and a speaker in each line', () => {
  const writer = plainTextWriter({ room, from: undefined, timeZone: 'Asia/Seoul' });
  const utterances = [
    utteranceAt('안녕하세요\n여러분', 0),
    utteranceAt('', 1, { speaker: ben, gap: 'queue', endedAt: iso(13.4) }),
    utteranceAt('Good night.', LATE, { speaker: ben }),
    utteranceAt('Good morning.', LATE + 900),
  ];
  expect([writer.begin(), ...utterances.map(writer.add), writer.end()].join('')).toBe(
    [
      '회의 실',
      'Asia/Seoul',
      '',
      '2026-11-23',
      '',
      '17:00:00  Ada: 안녕하세요 여러분',
      '17:00:01  Ben: [not heard: 12 s]',
      '23:45:00  Ben: Good night.',
      '',
      '2026-11-24',
      '',
      '00:00:00  Ada: Good morning.',
      '',
    ].join('\n'),
  );
});

test('JSON has the complete utterances, with their words and the original of a corrected text', () => {
  const utterances = [utteranceAt('one "two" </script>', 0), { ...utteranceAt('read', 5), original: 'red' }];
  for (const some of [utterances, []]) {
    const writer = jsonWriter({ room, from: undefined, timeZone: 'UTC' });
    const text = [writer.begin(), ...some.map(writer.add), writer.end()].join('');
    expect(JSON.parse(text)).toEqual({ room, items: some });
  }
});
