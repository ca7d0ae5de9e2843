import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import { addRoom, append, NOWHERE, type Scene, typed, upTo } from './material.ts';

/** The store's contract: rooms. */
export function describeRooms(scene: Scene): void {
  test('a new room has seq 0, rev 0, and its owner as its only member', async () => {
    const { store, ada, ben } = scene;
    const createdAt = new Date('2026-11-23T08:17:42.007Z');
    const room = { name: '회의실 “A”', visibility: 'private', language: 'ko-KR', createdAt } as const;
    const id = await addRoom(store, ada, room);
    expect(await store.findRoom(id, ada.id)).toEqual({
      ...room,
      speech: DEFAULT_SPEECH_SETTINGS,
      id,
      createdAt: createdAt.toISOString(),
      archivedAt: null,
      lastSeq: 0,
      rev: 0,
      memberCount: 1,
      role: 'owner',
      unread: 0,
    });
    expect((await store.findRoom(id, ben.id))?.role).toBeNull();
    expect(await store.findRoom(NOWHERE, ada.id)).toBeNull();
  });

  test('an update changes the given fields in every read of the room, and no other fields', async () => {
    const { store, ada } = scene;
    const name = randomUUID();
    const id = await addRoom(store, ada, { name, speech: { redact: true, vocabulary: 'names' } });
    const before = await store.findRoom(id, ada.id);
    expect(before?.speech).toEqual({ ...DEFAULT_SPEECH_SETTINGS, redact: true, vocabulary: 'names' });
    await store.updateRoom(id, {});
    expect(await store.findRoom(id, ada.id)).toEqual(before);

    await store.updateRoom(id, { speech: { vocabulary: null, languages: ['ko-KR', 'en-US'] } });
    await store.updateRoom(id, { name: `${name} ÉLAN`, language: 'auto' });
    const speech = { ...DEFAULT_SPEECH_SETTINGS, redact: true, languages: ['ko-KR', 'en-US'] };
    const after = { ...before, name: `${name} ÉLAN`, language: 'auto', speech };
    expect(await store.findRoom(id, ada.id)).toEqual(after);
    expect(await store.listRooms(ada.id, { search: `${name} élan`, limit: 5 })).toEqual([after]);
    await store.updateRoom(NOWHERE, { name: 'nothing' });
  });

  test('concurrent updates are all kept, and messages between them are counted', async () => {
    const { store, ada, room } = scene;
    const changes = [
      { redact: true },
      { speakers: true },
      { stability: 'low' },
      { filterMethod: 'tag' },
    ] as const;
    await Promise.all(
      changes.flatMap((speech) => [store.updateRoom(room, { speech }), append(store, [typed(room, ada)])]),
    );
    expect(await store.findRoom(room, ada.id)).toMatchObject({
      lastSeq: 4,
      speech: { redact: true, speakers: true, stability: 'low', filterMethod: 'tag' },
    });
  });

  test('a list has public rooms and the user’s private ones, with the user’s role, newest first', async () => {
    const { store, ada, ben } = scene;
    const mark = randomUUID();
    // The list is in the order of ids, and two ids of one millisecond can have either order.
    const [olderId, newerId] = [randomUUIDv7(), randomUUIDv7()].sort();
    const own = await addRoom(store, ada, { id: olderId, name: `${mark} own`, visibility: 'private' });
    await addRoom(store, ben, { name: `${mark} foreign`, visibility: 'private' });
    const open = await addRoom(store, ben, { id: newerId, name: `${mark} open` });
    const rooms = await store.listRooms(ada.id, { search: mark, limit: 10 });
    expect(rooms.map(({ id, role }) => [id, role])).toEqual([
      [open, null],
      [own, 'owner'],
    ]);
  });

  test.each([
    ['Daily STANDUP', 'standup'],
    ['daily standup', 'DAILY'],
    ['Übung Élan ЖУК', 'übung élan жук'],
    ['übung', 'ÜBUNG'],
    ['주간 회의', '간 회'],
    ['한국어'.normalize('NFD'), '한국'],
    ['Why? Because?', '? because?'],
    ['100% done', '0% d'],
    ['snake_case', 'e_c'],
    [String.raw`back\slash 'quote' ?`, String.raw`k\slash 'quote' ?`],
  ])('a room called “%s” is found by “%s”', async (name, search) => {
    const { store, ada } = scene;
    const id = await addRoom(store, ada, { name, visibility: 'private' });
    expect((await store.listRooms(ada.id, { search, limit: 200 })).map((room) => room.id)).toContain(id);
  });

  test.each(['%', '_', 'a%b', 'a_b', '.*'])('“%s” in a search is not a wildcard', async (search) => {
    const { store, ada } = scene;
    const id = await addRoom(store, ada, { name: 'axxb', visibility: 'private' });
    expect((await store.listRooms(ada.id, { search, limit: 200 })).map((room) => room.id)).not.toContain(id);
  });

  test('pages by cursor list every room once', async () => {
    const { store, ada } = scene;
    const search = randomUUID();
    const ids: string[] = [];
    for (const i of upTo(7)) ids.unshift(await addRoom(store, ada, { name: `${search} ${i}` }));
    const seen: string[] = [];
    for (let cursor: string | undefined; seen.length < 7; cursor = seen.at(-1)) {
      const page = await store.listRooms(ada.id, { search, cursor, limit: 3 });
      expect(page.length).toBe(Math.min(3, 7 - seen.length));
      seen.push(...page.map(({ id }) => id));
    }
    expect(seen).toEqual([...ids].sort().reverse());
  });
}
