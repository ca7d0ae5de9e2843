import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../contract/types.ts';
import { openStore } from '../../db/open.ts';
import type { Store } from '../../db/store.ts';
import { addPerson, addRoom } from '../../db/testing/material.ts';
import { type Access, createAccess } from './access.ts';

describe('the rule of membership', () => {
  let store: Store;
  let access: Access;
  let owner: User;
  let joined: User;
  let stranger: User;
  const rooms = {} as Record<'public' | 'private', string>;

  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    access = createAccess(store);
    [owner, joined, stranger] = [await addPerson(store), await addPerson(store), await addPerson(store)];
    for (const visibility of ['public', 'private'] as const) {
      rooms[visibility] = await addRoom(store, owner, { visibility });
      await store.addMember(rooms[visibility], joined.id, new Date());
    }
  });
  afterAll(() => store.close());

  test.each(['public', 'private'] as const)('lets members into a %s room, with their role', async (kind) => {
    expect(await access.member(owner, rooms[kind])).toBe('owner');
    expect(await access.member(joined, rooms[kind])).toBe('member');
    expect(await access.visible(joined, rooms[kind])).toMatchObject({ id: rooms[kind], role: 'member' });
  });

  test('shows a public room to a stranger, but does not let the stranger in', async () => {
    expect(await access.visible(stranger, rooms.public)).toMatchObject({ role: null });
    await expect(access.member(stranger, rooms.public)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      reason: 'not_member',
      retryable: false,
    });
  });

  test('answers a stranger the same for a private room as for a room that does not exist', async () => {
    const refusals = await Promise.all(
      [rooms.private, 'no such room', ''].flatMap((roomId) => [
        access.visible(stranger, roomId).catch((error: unknown) => error),
        access.member(stranger, roomId).catch((error: unknown) => error),
      ]),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: 'NOT_FOUND',
        reason: 'room_unknown',
        message: 'There is no such room.',
      });
    }
  });

  test('treats a member who has left as a stranger', async () => {
    await store.removeMember(rooms.private, joined.id);
    await expect(access.member(joined, rooms.private)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
