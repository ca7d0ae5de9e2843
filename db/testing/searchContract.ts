import { expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { searchMessages } from '../../server/chat/search.ts';
import type { Change } from '../store.ts';
import { addRoom, append, kept, PATIENT, type Scene, spoken, typed, upTo } from './material.ts';

const AT = '2026-11-23T08:17:42.007Z';

/** The store's contract: search in a small room. `describeLongRoom` covers searches in several parts. */
export function describeSearch(scene: Scene): void {
  const say = async (text: string) =>
    kept(await append(scene.store, [typed(scene.room, scene.ada, { text })]))[0] as Message;
  const found = async (words: string, roomId: string | undefined = scene.room) =>
    (await searchMessages(scene.store, scene.ada.id, { roomId, query: words, limit: 10 }, PATIENT)).items.map(
      ({ text }) => text,
    );

  test.each([
    ['오늘 회의는 3시에 시작합니다', '회의'],
    ['오늘 회의', '회의'],
    ['안녕하세요 여러분', '하세요'],
    ['The quick brown fox', 'QUICK br'],
    ['It is a said thing', 'said'],
    ['100% "quoted" \\ back_slash', '100%'],
    ['release v2.0', 'v2'],
    ['We use C++ here', 'c++'],
    ['C is older', 'c'],
    ['an 🍎 a day', '🍎'],
    ['a dog 🐶', '🐶'],
    ['Straße', 'STRASSE'],
    ['STRASSE', 'straße'],
    ['İzmir', 'i̇zmir'],
    ['ΟΔΟΣ', 'οδος'],
    ['오늘 회의'.normalize('NFD'), '회의'],
    ['오늘 회의', '회의'.normalize('NFD')],
    ['ＦＵＬＬ　ｗｉｄｔｈ', 'full width'],
    ['ﬁne', 'fin'],
    ['soft\u00adware and zero\u200bwidth', 'software and zerowidth'],
    ['software', 'soft\u00adware'],
    ['ﷺ', 'صلى'],
    ['two  blanks', 'o  b'],
    ['ends here', 's h'],
    ['one\ntwo', 'e\nt'],
    ['a\u0000b', 'ab'],
  ])('“%s” is found by “%s”', async (text, words) => {
    await say(text);
    await say('something else');
    expect(await found(words)).toEqual([text]);
  });

  test('typed and spoken messages come newest first, over pages', async () => {
    await append(scene.store, [
      ...upTo(3).map((i) => typed(scene.room, scene.ada, { text: `needle ${i}` })),
      spoken(scene.room, scene.ben, AT, 'a spoken needle'),
    ]);
    const page = async (cursor?: string) =>
      searchMessages(
        scene.store,
        scene.ada.id,
        { roomId: scene.room, query: 'needle', limit: 3, cursor },
        PATIENT,
      );
    const first = await page();
    await say('a new needle');
    const second = await page(first.nextCursor ?? '');
    expect(second.nextCursor).toBeNull();
    expect([...first.items, ...second.items].map(({ text }) => text)).toEqual([
      'a spoken needle',
      'needle 3',
      'needle 2',
      'needle 1',
    ]);
  });

  test('an edited message is found by its new text, and a removed one not at all', async () => {
    const [edited, removed] = [await say('before haystack'), await say('gone haystack')];
    const of = ({ roomId, id }: Message) => ({ roomId, messageId: id, by: scene.ada.id, at: AT });
    const changes: Change[] = [
      { type: 'edit', ...of(edited), text: 'after haystack', mentions: [] },
      { type: 'remove', ...of(removed) },
    ];
    await scene.store.commitChanges(changes);
    expect(await found('before')).toEqual([]);
    expect(await found('haystack')).toEqual(['after haystack']);
  });

  test('a corrected utterance is found by its new text, and not by the text that was recognised', async () => {
    const { store, room, ada } = scene;
    const [utterance] = kept(await append(store, [spoken(room, ada, AT, '회의를 시작 하겠습니다 red')])) as [
      Message,
    ];
    const of = { roomId: room, messageId: utterance.id, by: ada.id, at: AT };
    await store.commitChanges([{ type: 'edit', ...of, text: '회의를 시작하겠습니다 read', mentions: [] }]);
    const everywhere = async (words: string) =>
      (await searchMessages(store, ada.id, { query: words, limit: 10 }, PATIENT)).items.filter(
        ({ id }) => id === utterance.id,
      );
    for (const words of ['시작하겠', '작하', 'read']) {
      expect(await found(words)).toEqual(['회의를 시작하겠습니다 read']);
      expect(await everywhere(words)).toHaveLength(1);
    }
    for (const words of ['시작 하겠', ' red']) {
      expect(await found(words)).toEqual([]);
      expect(await everywhere(words)).toEqual([]);
    }
    await store.commitChanges([{ type: 'remove', ...of }]);
    expect(await found('시작')).toEqual([]);
    expect(await everywhere('시작')).toEqual([]);
  });

  test('a search over all rooms covers the rooms that the user has joined', async () => {
    const mark = `mark${scene.room.slice(0, 8)}`;
    const foreign = await addRoom(scene.store, scene.ben);
    await append(scene.store, [
      typed(scene.room, scene.ada, { text: `${mark} here` }),
      typed(foreign, scene.ben, { text: `${mark} there` }),
    ]);
    const everywhere = await searchMessages(scene.store, scene.ada.id, { query: mark, limit: 10 }, PATIENT);
    expect(everywhere.items.map(({ text }) => text)).toEqual([`${mark} here`]);
  });

  test.each([
    ['a cat 🐱', '🐶'],
    ['cafe', 'café'],
    ['two  blanks', 'o b'],
    ['last', 't '],
    ['ı', 'i'],
    ['C', 'c+'],
    ['axb', 'a_b'],
    ['10 or 0', '1%0'],
  ])('“%s” is not found by “%s”', async (text, words) => {
    await say(text);
    expect(await found(words)).toEqual([]);
    expect(await found(text)).toEqual([text]);
  });

  test.each(['"', '""', '*', 'AND', 'a"b OR c', '%', "'", '\\', '(', '+x -y', '@1'])(
    '%s in a search has no special meaning',
    async (words) => {
      expect(await found(words)).toEqual([]);
    },
  );
}
