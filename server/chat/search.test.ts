import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from '../../contract/fold.ts';
import type { Message } from '../../contract/types.ts';
import type { RoomPart, Store } from '../../db/store.ts';
import { addPerson, addRoom, append, kept, PATIENT, spoken, typed, upTo } from '../../db/testing/material.ts';
import { openChat } from '../../testing/chatScene.ts';
import { type Search, searchMessages } from './search.ts';

/** Notes the parts that a search reads. */
function noteParts() {
  const parts: (RoomPart & { roomId: string })[] = [];
  const alter = (store: Store): Partial<Store> => ({
    searchPart: (roomId, part) => {
      parts.push({ ...part, roomId });
      return store.searchPart(roomId, part);
    },
  });
  return { parts, alter };
}

test('a search reads only rooms that the user has joined, newest first, and no more than it needs', async () => {
  const { parts, alter } = noteParts();
  await using scene = await openChat(alter);
  const { store, ada, ben, roomId } = scene;
  const [joined, foreign] = [await addRoom(store, ben), await addRoom(store, ben)];
  await store.addMember(joined, ada.id, new Date());
  for (const id of [roomId, foreign, joined]) {
    await append(store, [typed(id, ben, { text: 'needle' })]);
  }
  const { items } = await scene.messages.search(ada, { query: 'needle', limit: 5 });
  expect(items.map((message) => message.roomId)).toEqual([joined, roomId]);
  expect(parts.map((part) => part.roomId)).toEqual([joined, roomId]);
  parts.length = 0;
  const first = await scene.messages.search(ada, { query: 'needle', limit: 1 });
  expect(first).toMatchObject({ items: [{ roomId: joined }], nextCursor: items[1]?.id });
  const other = { query: 'needle', limit: 1, roomId: foreign };
  await expect(scene.messages.search(ada, other)).rejects.toMatchObject({ reason: 'not_member' });
});

test('at its work limit a search answers what it found, and its cursor leads to the rest', async () => {
  let readRows = 0;
  await using scene = await openChat((store) => ({
    // A room that seems endless: each part is empty, until the real one at the end.
    searchPart: async (roomId, part) => {
      readRows += part.rows;
      if (part.from === 1 || readRows % 150_000 === 0) return store.searchPart(roomId, { ...part, from: 1 });
      return { found: [], next: 2 };
    },
  }));
  await scene.say(scene.ada, 'a rare needle');
  await scene.say(scene.ada, 'something else');
  const search = { roomId: scene.roomId, query: 'needle', limit: 5 };
  const first = await scene.messages.search(scene.ada, search);
  expect(first).toEqual({ items: [], nextCursor: '2' });
  expect(readRows).toBeLessThanOrEqual(100_000);
  let page = first;
  while (page.nextCursor) {
    page = await scene.messages.search(scene.ada, { ...search, cursor: page.nextCursor });
  }
  expect(page.items.map(({ text }) => text)).toEqual(['a rare needle']);
});

test('every page reads one part at the least, so that it makes headway', async () => {
  const { parts, alter } = noteParts();
  await using scene = await openChat(alter);
  await append(
    scene.store,
    upTo(1_100).map(() => typed(scene.roomId, scene.ada)),
  );
  const search = { roomId: scene.roomId, query: 'needle', limit: 5 };
  const cursors: (string | null)[] = [];
  for (let cursor: string | undefined; cursors.at(-1) !== null; cursor = cursors.at(-1) ?? undefined) {
    const page = await searchMessages(scene.store, scene.ada.id, { ...search, cursor }, { workMs: 0 });
    cursors.push(page.nextCursor);
  }
  expect(cursors).toEqual(['600', '100', null]);
  expect(parts).toHaveLength(3);
});

test('an aborted search reads no further part', async () => {
  const gone = new AbortController();
  const { parts, alter } = noteParts();
  await using scene = await openChat((store) => ({
    searchPart: async (...args) => {
      gone.abort();
      return (alter(store).searchPart as Store['searchPart'])(...args);
    },
  }));
  await append(
    scene.store,
    upTo(1_100).map(() => typed(scene.roomId, scene.ada)),
  );
  const search = { roomId: scene.roomId, query: 'needle', limit: 5 };
  expect(await scene.messages.search(scene.ada, search, gone.signal)).toEqual({
    items: [],
    nextCursor: '600',
  });
  expect(parts).toHaveLength(1);
});

test.each(['0199c0de-0000-7000-8000-000000000001', '0', '-1', '1.5', 'x'])(
  'the cursor %s is none of a search in one room',
  async (cursor) => {
    await using scene = await openChat();
    const search = { roomId: scene.roomId, query: 'needle', limit: 5, cursor };
    await expect(scene.messages.search(scene.ada, search)).rejects.toMatchObject({ reason: 'invalid_input' });
  },
);

test.each([3, 4, 9_999_999_999])(
  'from the cursor %d, a room of three messages is read in one part',
  async (cursor) => {
    const { parts, alter } = noteParts();
    await using scene = await openChat(alter);
    for (const text of ['needle 1', 'needle 2', 'hay']) await scene.say(scene.ada, text);
    const search = { roomId: scene.roomId, query: 'needle', limit: 1, cursor: String(cursor) };
    const { items, nextCursor } = await scene.messages.search(scene.ada, search);
    expect([items.map(({ text }) => text), nextCursor]).toEqual([['needle 2'], '1']);
    expect(parts.map(({ from }) => from)).toEqual([3]);
  },
);

test('over several rooms, every page order and size lists each hit once while messages arrive and change', async () => {
  await using scene = await openChat();
  const { store, ada } = scene;
  const rooms = [
    scene.roomId,
    await addRoom(store, ada),
    await addRoom(store, ada),
    await addRoom(store, ada),
  ];
  const ids = upTo(2_000)
    .map(() => randomUUIDv7())
    .sort();
  const messages: Message[] = [];
  const text = fc.sample(fc.constantFrom('a needle', 'NEEDLE 바늘', 'hay', '바늘'), {
    numRuns: ids.length,
    seed: 7,
  });
  // Long stretches in one room, and messages of several rooms in turns.
  const roomAt = (i: number) => rooms[i < 700 ? 0 : i < 1_400 ? i % 3 : 1] as string;
  for (let i = 0; i < ids.length; i += 500) {
    const batch = ids.slice(i, i + 500).map((id, k) => {
      const draft =
        k % 9 ? typed : (room: string, author: typeof ada) => spoken(room, author, new Date().toISOString());
      return { ...draft(roomAt(i + k), ada), id, text: text[i + k] as string };
    });
    messages.push(...kept(await append(store, batch)));
  }
  const expected = (query: string) =>
    messages.filter((message) => message.text && fold(message.text).includes(fold(query))).toReversed();
  const readAll = async (search: Omit<Search, 'cursor'>) => {
    const found: Message[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await searchMessages(store, ada.id, { ...search, cursor }, PATIENT);
      found.push(...page.items);
      if (page.nextCursor === null) return found;
      cursor = page.nextCursor;
      await append(store, [typed(rooms[found.length % 4] as string, ada, { text: 'a new needle' })]);
    }
  };
  for (const limit of [13, 100, 200]) {
    for (const query of ['needle', '바늘', 'hay', 'e']) {
      const found = await readAll({ query, limit });
      const old = found.filter(({ text: shown }) => shown !== 'a new needle');
      expect(old.map(({ id }) => id)).toEqual(expected(query).map(({ id }) => id));
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    }
  }
  const stranger = await addPerson(store);
  expect(await searchMessages(store, stranger.id, { query: 'needle', limit: 5 })).toEqual({
    items: [],
    nextCursor: null,
  });
});

test('a hit that is edited before it is read is left out', async () => {
  await using scene = await openChat((store) => ({
    async findMessages(ids) {
      const [messageId] = ids as [string];
      const change = { roomId: scene.roomId, messageId, by: scene.ada.id, at: new Date().toISOString() };
      await store.commitChanges([{ type: 'edit', ...change, text: 'hay', mentions: [] }]);
      return store.findMessages(ids);
    },
  }));
  await scene.say(scene.ada, 'needle');
  expect((await scene.messages.search(scene.ada, { query: 'needle', limit: 5 })).items).toEqual([]);
});
