import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { fold } from '../../contract/fold.ts';
import type { Message, User } from '../../contract/types.ts';
import { type Search, searchMessages } from '../../server/chat/search.ts';
import type { Change, NewMessage, Store } from '../store.ts';
import { addPerson, addRoom, append, kept, PATIENT, spoken, typed, upTo } from './material.ts';

/** Several parts of a search: a part reads 500 messages. */
const LENGTH = 2_400;
const OLD = 1_400;
const BATCH = 600;
const AT = '2026-11-23T08:17:42.007Z';

/** Old messages. Some differ only in a character that is a wildcard in SQL or that a parser may drop. */
const TEXTS = [
  '밖에 눈이 펑펑 쏟아졌다',
  '밖에는 눈 한 송이 없다',
  'The walrus sat quietly',
  'TEXT IN CAPITALS',
  '버전 v3버전, 20261123',
  'release v2.0-rc.1 (final)',
  'release v2x0-rc.1 (draft)',
  'now 50% off',
  'now 50 euros off',
  'a snake_case name',
  'a snakeXcase name',
  'the file C:\\temp\\new',
  'the file C:temp',
  "we don't know",
  'she called "stop" twice',
  'time for a party 🎉 now',
  'a rare xylophone',
];

/**
 * Characters that databases treat differently: by case, form, width, wildcards and escapes, and some that nobody sees.
 */
const UNITS = [
  ...'aAbß회의가나 %_\'"\\.-!?ςΣＡﷺ🐶🐱é',
  ...[
    '회'.normalize('NFD'),
    'e\u0301',
    'İ',
    '\u200b',
    '\u00ad',
    '\ufe0f',
    '\u3000',
    '\n',
    '\u0000',
    '\ud800',
  ],
];

/** A kind of words, and the words. */
const WORDS: [kind: string, words: string][] = [
  ['one Korean syllable', '눈'],
  ['two Korean syllables', '펑펑'],
  ['three Korean syllables', '쏟아졌'],
  ['Korean words across a space', '밖에 눈이'],
  ['one Korean syllable after a space', '에는 눈'],
  ['one letter', 'W'],
  ['two letters', 'us'],
  ['an English word', 'walrus'],
  ['the middle of an English word', 'alru'],
  ['words across spaces', 'walrus sat quiet'],
  ['mixed case', 'WalRus SAT'],
  ['lower case for capitals', 'in capitals'],
  ['two scripts', '3버전'],
  ['digits', '2611'],
  ['punctuation', 'v2.0-rc.1 ('],
  ['a percent sign', '50%'],
  ['only a percent sign', '%'],
  ['an underscore', 'snake_c'],
  ['only an underscore', '_'],
  ['a backslash', 'C:\\t'],
  ['only a backslash', '\\'],
  ['a single quote', "n't"],
  ['double quotes', '"stop"'],
  ['only a double quote', '"'],
  ['an emoji', '🎉'],
  ['an emoji between words', 'party 🎉 n'],
  ['an old rare word', 'xylophone'],
  ['a common word', 'harbor'],
  ['a spoken word', 'marigold'],
  ['a word that no message contains', 'zeppelin'],
];

/**
 * The store's contract: search in a room with more messages than one part of a search reads. All tests share one room,
 * because it takes a second to fill.
 */
export function describeLongRoom(scene: { store: Store }): void {
  const long = {} as { ada: User; room: string; messages: Message[] };
  beforeAll(async () => {
    const ada = await addPerson(scene.store, 'Ada');
    const room = await addRoom(scene.store, ada);
    Object.assign(long, { ada, room, messages: await fill(scene.store, longRoom(room, ada)) });
  });

  const page = (search: Partial<Search> & { query: string }) =>
    searchMessages(scene.store, long.ada.id, { limit: 200, ...search }, PATIENT);
  const search = async (query: string, more: Partial<Search> = {}) =>
    seqs((await page({ roomId: long.room, query, ...more })).items);
  const matching = (words: string) => seqs(matches(long.messages, words));
  const commit = async (changes: Change[]) => {
    for (const message of kept(await scene.store.commitChanges(changes))) {
      long.messages[message.seq - 1] = message;
    }
  };
  const target = (seq: number) => {
    const { id, author, roomId } = long.messages[seq - 1] as Message;
    return { roomId, messageId: id, by: author.id, at: AT };
  };
  const edit = (seq: number, text: string): Change => ({ type: 'edit', ...target(seq), text, mentions: [] });

  test.each(WORDS)('finds %s: %s', async (kind, words) => {
    expect(await search(words)).toEqual(matching(words));
    expect(matching(words).length > 0).toBe(kind !== 'a word that no message contains');
    expect(seqs((await page({ query: words })).items)).toEqual(matching(words));
  });

  test.each([1, 24, 25, 26, 59, 200])('finds the newest %d of 59 messages', async (limit) => {
    expect(matching('harbor')).toHaveLength(59);
    expect(await search('harbor', { limit })).toEqual(matching('harbor').slice(0, limit));
  });

  test.each([1, 7, 25, 59, 200])(
    'pages of %d list every message once, in one room and over all rooms',
    async (limit) => {
      const expected = matches(long.messages, 'harbor');
      for (const roomId of [long.room, undefined]) {
        const found: Message[] = [];
        for (let cursor: string | undefined, pages = 1; ; pages += 1) {
          const { items, nextCursor } = await page({ roomId, query: 'harbor', limit, cursor });
          found.push(...items);
          if (nextCursor === null) {
            expect(pages).toBe(Math.ceil(expected.length / limit));
            break;
          }
          cursor = nextCursor;
        }
        expect(found).toEqual(expected);
      }
    },
  );

  test('finds old messages by their edited text, and removed ones not at all', async () => {
    await commit([edit(201, 'a wide glacier'), edit(202, 'a deep glacier'), edit(203, 'glacier')]);
    expect(await search('glacier')).toEqual([203, 202, 201]);
    await commit([edit(201, 'a canyon'), edit(202, 'a high glacier'), { type: 'remove', ...target(203) }]);
    expect(await search('glacier')).toEqual([202]);
    expect(await search('canyon')).toEqual([201]);
    expect(await search('deep')).toEqual([]);
  });

  test('finds a corrected utterance by its new text only', async () => {
    await commit([edit(2, 'a spoken marygold')]);
    expect([await search('marigold'), await search('marygold')]).toEqual([[], [2]]);
    await commit([edit(2, 'a spoken marigold')]);
  });

  test('finds no other room’s messages, and over all rooms only those of the rooms that the user has joined', async () => {
    const { store } = scene;
    const ben = await addPerson(store, 'Ben');
    const [other, foreign] = [await addRoom(store, long.ada), await addRoom(store, ben)];
    const text = 'a rare xylophone';
    const [second, third] = kept(
      await append(store, [typed(other, long.ada, { text }), typed(foreign, ben, { text })]),
    ) as [Message, Message];
    const everywhere = async (user: User) =>
      (await searchMessages(store, user.id, { query: 'xylophone', limit: 10 }, PATIENT)).items;
    const [first] = matches(long.messages, 'xylophone') as [Message];
    expect(await search('xylophone')).toEqual([first.seq]);
    expect(await everywhere(long.ada)).toEqual([second, first]);
    expect(await everywhere(ben)).toEqual([third]);
    await store.removeMember(other, long.ada.id);
    expect(await everywhere(long.ada)).toEqual([first]);
  });

  test('finds the same messages as a filter over all texts', async () => {
    const unit = fc.constantFrom(...UNITS);
    const text = fc.string({ unit, minLength: 1, maxLength: 8 });
    // Some queries are a part of a text that is there, others are not.
    const words = fc.string({ unit, minLength: 1, maxLength: 4 }).filter((some) => fold(some) !== '');
    const fillers = upTo(LENGTH).filter((seq) => textAt(seq) === `filler ${seq}` && seq > 300);
    const edits = fc.dictionary(fc.constantFrom(...fillers.map(String)), text, { minKeys: 20 });
    const searches = fc.array(fc.record({ words, limit: fc.integer({ min: 1, max: 20 }) }), { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(edits, searches, async (texts, wanted) => {
        await commit(Object.entries(texts).map(([seq, newText]) => edit(Number(seq), newText)));
        for (const { words, limit } of wanted) {
          const expected = matching(words).slice(0, limit);
          expect(await search(words, { limit }), JSON.stringify(words)).toEqual(expected);
          expect(seqs((await page({ query: words, limit })).items)).toEqual(expected);
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
}

function longRoom(room: string, author: User): NewMessage[] {
  // A search over all rooms is in the order of ids, and ids of one millisecond can have any order.
  const ids = upTo(LENGTH)
    .map(() => randomUUIDv7())
    .sort();
  return ids.map((id, i) => {
    const seq = i + 1;
    if (seq === 2) return { ...spoken(room, author, AT, 'a spoken marigold'), id };
    return typed(room, author, { id, text: textAt(seq) });
  });
}

/** 59 messages contain `harbor`. */
function textAt(seq: number): string {
  if (seq === OLD || seq === OLD + 1) return `on the edge ${seq}`;
  return TEXTS[seq - 101] ?? (seq % 40 === 0 ? `a harbor ${seq}` : `filler ${seq}`);
}

async function fill(store: Store, messages: NewMessage[]): Promise<Message[]> {
  const all: Message[] = [];
  for (let i = 0; i < messages.length; i += BATCH) {
    all.push(...kept(await append(store, messages.slice(i, i + BATCH))));
  }
  return all;
}

/** The expected result of a search, newest first. */
function matches(messages: Message[], words: string): Message[] {
  return messages.filter(({ text }) => text !== null && fold(text).includes(fold(words))).reverse();
}

const seqs = (messages: Message[]) => messages.map(({ seq }) => seq);
