import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { User } from '../../contract/types.ts';
import { addPerson, upTo } from '../../db/testing/material.ts';
import { openChat } from '../../testing/chatScene.ts';
import { settled } from '../../testing/settled.ts';

const room = (name: string, visibility: 'public' | 'private' = 'public') => ({
  name,
  visibility,
  language: 'ko-KR',
});

describe('rooms', () => {
  test('have their creator as owner and only member', async () => {
    await using scene = await openChat();
    const created = await scene.rooms.create(scene.ben, room('회의'));
    expect(created).toMatchObject({
      name: '회의',
      role: 'owner',
      memberCount: 1,
      lastSeq: 0,
      rev: 0,
      language: 'ko-KR',
    });
    expect(await scene.rooms.get(scene.ada, created.id)).toEqual({ ...created, role: null, unread: null });
  });

  test('that are private do not exist for strangers, whichever call they make', async () => {
    await using scene = await openChat();
    const { id } = await scene.rooms.create(scene.ada, room('own', 'private'));
    const unknown = { code: 'NOT_FOUND', reason: 'room_unknown' };
    for (const call of [
      scene.rooms.get(scene.ben, id),
      scene.rooms.join(scene.ben, id),
      scene.rooms.leave(scene.ben, id),
      scene.rooms.members(scene.ben, id, { limit: 5 }),
    ]) {
      await expect(call).rejects.toMatchObject(unknown);
    }
    expect((await scene.rooms.list(scene.ben, { limit: 50 })).items.map((item) => item.id)).not.toContain(id);
    expect((await scene.rooms.list(scene.ada, { limit: 50 })).items.map((item) => item.id)).toContain(id);
  });

  test('can be joined by a user who can see them; joining again changes nothing', async () => {
    await using scene = await openChat();
    const newcomer = await addPerson(scene.store);
    expect(await scene.rooms.join(newcomer, scene.roomId)).toMatchObject({
      role: 'member',
      memberCount: 3,
      rev: 0,
    });
    expect(await scene.rooms.join(newcomer, scene.roomId)).toMatchObject({ role: 'member', memberCount: 3 });
    expect(await scene.rooms.join(scene.ada, scene.roomId)).toMatchObject({ role: 'owner' });
    await scene.rooms.leave(newcomer, scene.roomId);
    expect(await scene.rooms.get(newcomer, scene.roomId)).toMatchObject({ role: null, memberCount: 2 });
  });

  test('can be changed only by their owner, and the change is sent to all in the room', async () => {
    await using scene = await openChat();
    const { store, roomId, ada, ben } = scene;
    const visit = await scene.visit(ben);
    void visit.read();
    const speech = { languages: ['ko-KR', 'en-US'], redact: true };
    const changed = await scene.rooms.update(ada, roomId, { name: '회의', language: 'auto', speech });
    const settings = { name: '회의', language: 'auto', speech: { ...DEFAULT_SPEECH_SETTINGS, ...speech } };
    expect(changed).toMatchObject({ ...settings, role: 'owner', rev: 0 });
    expect(await scene.rooms.get(ben, roomId)).toMatchObject(settings);
    await settled();
    expect(visit.events.filter(({ type }) => type === 'room')).toEqual([
      { type: 'room', change: 'updated', room: { id: roomId, ...settings } },
    ]);
    await visit.leave();

    const stranger = await addPerson(store);
    const own = await scene.rooms.create(ada, room('own', 'private'));
    const update = (user: User, id: string) => scene.rooms.update(user, id, { name: 'mine' });
    await expect(update(ben, roomId)).rejects.toMatchObject({ code: 'FORBIDDEN', reason: 'not_owner' });
    await expect(update(stranger, roomId)).rejects.toMatchObject({ code: 'FORBIDDEN', reason: 'not_member' });
    await expect(update(ben, own.id)).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'room_unknown' });
    expect((await scene.rooms.get(ada, roomId)).name).toBe('회의');
  });

  test('are handed over by the last owner who leaves, and everybody sees the new owner at once', async () => {
    await using scene = await openChat();
    const { roomId, ada, ben } = scene;
    const visit = await scene.visit(ben);
    void visit.read();
    await scene.rooms.leave(ada, roomId);
    await settled();
    const [adaRef, benRef] = [ada, ben].map(({ id, name }) => ({ id, name }));
    expect(visit.events.filter(({ type }) => type === 'room')).toEqual([
      { type: 'room', change: 'left', user: adaRef, memberCount: 1 },
      { type: 'room', change: 'role', user: benRef, role: 'owner' },
    ]);
    expect(await scene.rooms.update(ben, roomId, { name: "Ben's" })).toMatchObject({ name: "Ben's" });
    expect(await scene.rooms.join(ada, roomId)).toMatchObject({ role: 'owner' });
    await visit.leave();
  });

  test('and their members are listed in pages; only the last page has no nextCursor', async () => {
    await using scene = await openChat();
    for (const i of upTo(4)) await scene.rooms.create(scene.ada, room(`room ${i}`));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await scene.rooms.list(scene.ada, { cursor, limit: 2 });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen.sort()).toEqual(['A room', 'room 1', 'room 2', 'room 3', 'room 4']);

    const first = await scene.rooms.members(scene.ada, scene.roomId, { limit: 1 });
    const second = await scene.rooms.members(scene.ada, scene.roomId, {
      cursor: first.nextCursor ?? '',
      limit: 1,
    });
    expect([...first.items, ...second.items].map(({ user }) => user.name).sort()).toEqual(['Ada', 'Ben']);
    expect(second.nextCursor).toBeNull();
  });
});
