import { describe, expect, test } from 'vitest';
import { newRoom, roomUpdate } from './inputs.ts';

const roomId = '0199c0de-0000-7000-8000-000000000001';

describe('the speech settings of a room', () => {
  test('may be missing, all of them or some', () => {
    expect(newRoom.parse({ name: 'Hall' }).speech).toEqual({});
    const speech = { languages: ['ko-KR', 'en-US'], vocabulary: 'team-names_1.0', vocabularyFilter: null };
    expect(newRoom.parse({ name: 'Hall', speech }).speech).toEqual(speech);
    expect(roomUpdate.parse({ roomId, speech: { redact: true } })).toEqual({
      roomId,
      speech: { redact: true },
    });
  });

  test.each<[string, object]>([
    ['two dialects of a language', { languages: ['en-US', 'ko-KR', 'en-GB'] }],
    ['only one language for `auto`', { languages: ['en-US'] }],
    ['`auto` in the list that `auto` chooses from', { languages: ['auto', 'ko-KR'] }],
    ['a word that is not a language tag', { languages: ['Korean', 'en-US'] }],
    ['a vocabulary whose name has spaces', { vocabulary: 'team names' }],
    ['a vocabulary with an empty name', { vocabulary: '' }],
    ['a filter with a name that is too long', { vocabularyFilter: 'x'.repeat(201) }],
    ['an unknown filter method', { filterMethod: 'beep' }],
    ['a misspelt setting', { redacted: true }],
  ])('refuse %s', (_, speech) => {
    expect(roomUpdate.safeParse({ roomId, speech }).success).toBe(false);
    expect(newRoom.safeParse({ name: 'Hall', speech }).success).toBe(false);
  });
});
