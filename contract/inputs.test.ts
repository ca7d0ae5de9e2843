import { describe, expect, test } from 'vitest';
import { newRoom, roomUpdate } from './inputs.ts';

describe('how a room is heard', () => {
  test('may be left out, whole or in part', () => {
    expect(newRoom.parse({ name: 'Hall' }).speech).toEqual({});
    const speech = { languages: ['ko-KR', 'en-US'], vocabulary: 'team-names_1.0', vocabularyFilter: null };
    expect(newRoom.parse({ name: 'Hall', speech }).speech).toEqual(speech);
    expect(roomUpdate.parse({ roomId: 'r', speech: { redact: true } })).toEqual({
      roomId: 'r',
      speech: { redact: true },
    });
  });

  test.each<[string, object]>([
    ['two dialects of a language', { languages: ['en-US', 'ko-KR', 'en-GB'] }],
    ['one language, with nothing to choose from', { languages: ['en-US'] }],
    ['auto among what auto chooses from', { languages: ['auto', 'ko-KR'] }],
    ['no language tag', { languages: ['Korean', 'en-US'] }],
    ['a vocabulary whose name has spaces', { vocabulary: 'team names' }],
    ['a vocabulary without a name', { vocabulary: '' }],
    ['a filter whose name is too long', { vocabularyFilter: 'x'.repeat(201) }],
    ['an unknown method', { filterMethod: 'beep' }],
    ['a misspelt setting', { redacted: true }],
  ])('cannot be %s', (_, speech) => {
    expect(roomUpdate.safeParse({ roomId: 'r', speech }).success).toBe(false);
    expect(newRoom.safeParse({ name: 'Hall', speech }).success).toBe(false);
  });
});
