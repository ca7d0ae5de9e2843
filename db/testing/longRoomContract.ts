import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Message, User } from '../../contract/types.ts';
import { fold } from '../sql/fold.ts';
import type { Change, MessageSearch, NewMessage, Store } from '../store.ts';
import { addPerson, addRoom, append, kept, spoken, typed, upTo } from './material.ts';

/**
 * The words that a database's index finds. `any`: all words. `pairs`: words of at least two letters or digits, because
 * MySQL's ngram parser drops punctuation and single characters. It also cuts a longer word into pairs, and so finds
 * "BB회" in "BB B회".
 */
export type IndexedWords = 'any' | 'pairs';

/** A search reads a room's newest 1,000 messages without the index. Only the index finds the messages up to this seq. */
const OLD = 1_400;
const LENGTH = OLD + 1_000;
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

/** A kind of words, the words, and the kind of index that finds them. */
const WORDS: [kind: string, words: string, findableBy: IndexedWords][] = [
  ['one Korean syllable', '눈', 'any'],
  ['two Korean syllables', '펑펑', 'pairs'],
  ['three Korean syllables', '쏟아졌', 'pairs'],
  ['Korean words across a space', '밖에 눈이', 'pairs'],
  ['one Korean syllable after a space', '에는 눈', 'any'],
  ['one letter', 'W', 'any'],
  ['two letters', 'us', 'pairs'],
  ['an English word', 'walrus', 'pairs'],
  ['the middle of an English word', 'alru', 'pairs'],
  ['words across spaces', 'walrus sat quiet', 'pairs'],
  ['mixed case', 'WalRus SAT', 'pairs'],
  ['lower case for capitals', 'in capitals', 'pairs'],
  ['two scripts', '3버전', 'pairs'],
  ['digits', '2611', 'pairs'],
  ['punctuation', 'v2.0-rc.1 (', 'any'],
  ['a percent sign', '50%', 'any'],
  ['only a percent sign', '%', 'any'],
  ['an underscore', 'snake_c', 'any'],
  ['only an underscore', '_', 'any'],
  ['a backslash', 'C:\\t', 'any'],
  ['only a backslash', '\\', 'any'],
  ['a single quote', "n't", 'any'],
  ['double quotes', '"stop"', 'any'],
  ['only a double quote', '"', 'any'],
  ['an emoji', '🎉', 'any'],
  ['an emoji between words', 'party 🎉 n', 'any'],
  ['an old rare word', 'xylophone', 'pairs'],
  ['a common word', 'harbor', 'pairs'],
  ['a spoken word', 'marigold', 'pairs'],
  ['a word that no message contains', 'zeppelin', 'pairs'],
];

/**
 * The store's contract: search in a room with more messages than a search reads without the index. All tests share one
 * room, because it takes a second to fill.
 */
export function describeLongRoom(scene: { store: Store }, indexed: IndexedWords): void {
  const long = {} as { ada: User; room: string; messages: Message[] };
  beforeAll(async () => {
    const ada = await addPerson(scene.store, 'Ada');
    const room = await addRoom(scene.store, ada);
    Object.assign(long, { ada, room, messages: await fill(scene.store, longRoom(room, ada)) });
  });

  const search = async (words: string, page: Partial<MessageSearch> = {}) =>
    seqs(await scene.store.searchMessages(long.ada.id, { roomId: long.room, words, limit: 200, ...page }));
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

  test.each(WORDS.filter(([, , findableBy]) => indexed === 'any' || findableBy === 'pairs'))(
    'finds %s: %s',
    async (kind, words) => {
      expect(await search(words)).toEqual(matching(words));
      expect(matching(words).length > 0).toBe(kind !== 'a word that no message contains');
    },
  );

  test.each([1, 24, 25, 26, 59, 200])('finds the newest %d of 59 messages', async (limit) => {
    expect(matching('harbor')).toHaveLength(59);
    expect(await search('harbor', { limit })).toEqual(matching('harbor').slice(0, limit));
  });

  test.each([7, 25, 200])('pages of %d list every message once', async (limit) => {
    const pages: Message[] = [];
    for (let page: Message[] = [], cursor: string | undefined; ; cursor = page.at(-1)?.id) {
      const query = { roomId: long.room, words: 'harbor', limit, cursor };
      page = await scene.store.searchMessages(long.ada.id, query);
      pages.push(...page);
      if (page.length < limit) break;
    }
    expect(pages).toEqual(matches(long.messages, 'harbor'));
  });

  test('finds the last message before the index and the first one in it', async () => {
    expect(await search('edge')).toEqual([OLD + 1, OLD]);
    expect(await search('edge', { limit: 1 })).toEqual([OLD + 1]);
    expect(await search('edge', { cursor: target(OLD + 1).messageId })).toEqual([OLD]);
    expect(await search('edge', { cursor: target(OLD).messageId })).toEqual([]);
  });

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
    const everywhere = async (user: User) => store.searchMessages(user.id, { words: 'xylophone', limit: 10 });
    const [first] = matches(long.messages, 'xylophone') as [Message];
    expect(await search('xylophone')).toEqual([first.seq]);
    expect(await everywhere(long.ada)).toEqual([second, first]);
    expect(await everywhere(ben)).toEqual([third]);
    await store.removeMember(other, long.ada.id);
    expect(await everywhere(long.ada)).toEqual([first]);
  });

  test('over all rooms, pages list every message once', async () => {
    const pages: Message[] = [];
    for (let i = 0; i < 3; i += 1) {
      const query = { words: 'harbor', limit: 25, cursor: pages.at(-1)?.id };
      pages.push(...(await scene.store.searchMessages(long.ada.id, query)));
    }
    expect(pages).toEqual(matches(long.messages, 'harbor'));
  });

  test('finds the same messages as a filter over all texts', async () => {
    const unit = fc.constantFrom(...'aBcD1회의가나 %_\'"\\.-!?');
    const text = fc.string({ unit, minLength: 1, maxLength: 8 }).filter((some) => some.trim() === some);
    const words = fc
      .string({ unit, minLength: 1, maxLength: 4 })
      .filter((some) => some.trim() === some && (indexed === 'any' || /^[\p{L}\p{N}]{2}$/u.test(some)));
    const fillers = upTo(LENGTH).filter((seq) => textAt(seq) === `filler ${seq}` && seq > 300);
    const edits = fc.dictionary(fc.constantFrom(...fillers.map(String)), text, { minKeys: 20 });
    const searches = fc.array(fc.record({ words, limit: fc.integer({ min: 1, max: 20 }) }), { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(edits, searches, async (texts, wanted) => {
        await commit(Object.entries(texts).map(([seq, newText]) => edit(Number(seq), newText)));
        for (const { words, limit } of wanted) {
          expect(await search(words, { limit }), words).toEqual(matching(words).slice(0, limit));
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

/** 59 messages contain `harbor`: 25 of the newest 1,000, and 34 older ones. */
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
