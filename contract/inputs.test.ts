import { describe, expect, test } from 'vitest';
import { messageSearch, messagesPage, newRoom, roomsPage, roomUpdate, transcriptQuery } from './inputs.ts';
import { LIMITS } from './limits.ts';
import { cleanText } from './text.ts';

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

  test('take a name that was copied with characters that nobody sees', () => {
    const speech = { vocabulary: ' \u200bteam-names\u00a0\r\n', vocabularyFilter: '\ufeffrude\0' };
    expect(roomUpdate.parse({ roomId, speech }).speech).toEqual({
      vocabulary: 'team-names',
      vocabularyFilter: 'rude',
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

describe('a search for rooms and one for messages', () => {
  const most = '😀'.repeat(LIMITS.searchLength);
  test.each([most, most.slice(1), 'x'.repeat(LIMITS.searchLength)])(
    'may be 80 characters long, whatever they are (case %#)',
    (text) => {
      expect(roomsPage.safeParse({ search: text }).success).toBe(true);
      expect(messageSearch.safeParse({ query: text }).success).toBe(true);
    },
  );
  test.each([`${most}x`, 'x'.repeat(LIMITS.searchLength + 1), 'x'.repeat(10_000)])(
    'may not be longer (case %#)',
    (text) => {
      for (const { error } of [
        roomsPage.safeParse({ search: text }),
        messageSearch.safeParse({ query: text }),
      ]) {
        expect(error?.issues.map(({ message }) => message)).toEqual(['At most 80 characters.']);
      }
    },
  );
});

test.each<[object, string]>([
  [{ limit: 201 }, 'Not a whole number from 1 to 200.'],
  [{ limit: 0 }, 'Not a whole number from 1 to 200.'],
  [{ limit: 'many' }, 'Not a whole number from 1 to 200.'],
  [{ limit: 1.5 }, 'Not a whole number from 1 to 200.'],
  [{ limit: null }, 'Not a whole number from 1 to 200.'],
  [{ before: '' }, 'Not a whole number from 0 to 9007199254740991.'],
  [{ from: 'yesterday' }, 'Not a time with its zone such as 2026-01-31T12:00:00Z.'],
  [{ to: '2026-01-31T12:00:00' }, 'Not a time with its zone such as 2026-01-31T12:00:00Z.'],
])('%j is refused in words that say what is asked for', (input, message) => {
  const schema = 'from' in input || 'to' in input ? transcriptQuery : messagesPage;
  expect(schema.safeParse({ roomId, ...input }).error?.issues).toMatchObject([{ message }]);
});

test.each(['a\r\nb', 'a\rb', 'a\u2028b', 'a\ud800b', 'a\ufdd0\0b', 'a\u0092b'])(
  'a copy of the message %j finds it',
  (text) => {
    expect(messageSearch.parse({ query: text }).query).toBe(cleanText(text));
    expect(messageSearch.parse({ query: ` ${text}` }).query).toBe(` ${cleanText(text)}`);
  },
);
