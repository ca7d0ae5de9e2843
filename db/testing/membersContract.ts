import { expect, test } from 'vitest';
import { addPerson, append, NOBODY, NOWHERE, type Scene, typed, upTo } from './material.ts';

/** The store's contract: members of rooms, and users. */
export function describeMembers(scene: Scene): void {
  test('joining twice and leaving twice count once', async () => {
    const { store, ben, room } = scene;
    const joined = { role: 'member', memberCount: 2 };
    expect(await store.addMember(room, ben.id, new Date())).toEqual({ changed: true, ...joined });
    expect(await store.addMember(room, ben.id, new Date())).toEqual({ changed: false, ...joined });
    expect(await store.findRole(room, ben.id)).toBe('member');
    expect((await store.removeMember(room, ben.id))?.changed).toBe(true);
    expect(await store.removeMember(room, ben.id)).toMatchObject({ changed: false, memberCount: 1 });
    expect(await store.findRole(room, ben.id)).toBeNull();
    expect((await store.findRoom(room, ben.id))?.memberCount).toBe(1);
  });

  test('an owner who joins again stays the owner; an unknown room gives null', async () => {
    const { store, ada, room } = scene;
    expect(await store.addMember(room, ada.id, new Date())).toEqual({
      changed: false,
      role: 'owner',
      memberCount: 1,
    });
    expect(await store.addMember(NOWHERE, ada.id, new Date())).toBeNull();
    expect(await store.removeMember(NOWHERE, ada.id)).toBeNull();
    expect(await store.findRole(NOWHERE, ada.id)).toBeNull();
  });

  test('a member who left gets their role back, each time', async () => {
    const { store, ada, ben, room } = scene;
    for (const [person, role] of [
      [ben, 'member'],
      [ada, 'owner'],
    ] as const) {
      await store.addMember(room, person.id, new Date());
      for (let times = 0; times < 2; times += 1) {
        await store.removeMember(room, person.id);
        expect(await store.addMember(room, person.id, new Date())).toMatchObject({ changed: true, role });
        expect(await store.findRole(room, person.id)).toBe(role);
      }
    }
  });

  test('the last owner who leaves hands the room to the longest-standing member', async () => {
    const { store, ada, room } = scene;
    const people = await Promise.all(['Cleo', 'Dan', 'Eve'].map((name) => addPerson(store, name)));
    const joinTimes = [3_000, 1_000, 2_000];
    for (const [i, person] of people.entries())
      await store.addMember(room, person.id, new Date(joinTimes[i] ?? 0));
    const [cleo, dan, eve] = people.map(({ id, name }) => ({ id, name }));
    expect(await store.removeMember(room, ada.id)).toEqual({
      ...{ changed: true, role: 'owner', memberCount: 3 },
      heir: dan,
    });
    expect(await store.findRole(room, dan?.id ?? '')).toBe('owner');
    // Ada returns as an owner. So Dan is not the last one, and nobody inherits.
    await store.addMember(room, ada.id, new Date());
    expect(await store.removeMember(room, dan?.id ?? '')).not.toHaveProperty('heir');
    expect(await store.removeMember(room, eve?.id ?? '')).not.toHaveProperty('heir');
    expect(await store.removeMember(room, ada.id)).toMatchObject({ heir: cleo });
    expect(await store.removeMember(room, cleo?.id ?? '')).not.toHaveProperty('heir');
    expect(await store.addMember(room, ada.id, new Date())).toMatchObject({ role: 'owner', memberCount: 1 });
  });

  test('a room never lacks an owner, however its members come and go at once', async () => {
    const { store, ada, ben, room } = scene;
    const people = [ada, ben, ...(await Promise.all(upTo(4).map((i) => addPerson(store, `Person ${i}`))))];
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(people.map(({ id }) => store.addMember(room, id, new Date())));
      const leavers = people.filter((_, i) => i !== round);
      await Promise.all(leavers.map(({ id }) => store.removeMember(room, id)));
      const left = await store.listMembers(room, { limit: 10 });
      expect(left.map(({ user, role }) => [user.name, role])).toEqual([[people[round]?.name, 'owner']]);
    }
  });

  test('concurrent joins are all counted, even among messages', async () => {
    const { store, ada, room } = scene;
    const people = await Promise.all(upTo(10).map((i) => addPerson(store, `Person ${i}`)));
    await Promise.all(
      people.flatMap((person) => [
        store.addMember(room, person.id, new Date()),
        append(store, [typed(room, ada)]),
      ]),
    );
    expect(await store.findRoom(room, ada.id)).toMatchObject({ memberCount: 11, lastSeq: 10, rev: 10 });
  });

  test('members are listed by id over pages, with their names and join times', async () => {
    const { store, ada, ben, room } = scene;
    const joinedAt = new Date('2026-11-23T08:17:42.007Z');
    await store.addMember(room, ben.id, joinedAt);
    const [first] = await store.listMembers(room, { limit: 1 });
    const [second, ...rest] = await store.listMembers(room, { cursor: first?.user.id, limit: 5 });
    expect(rest).toEqual([]);
    expect([first?.user.id, second?.user.id]).toEqual([ada.id, ben.id].sort());
    expect([first, second]).toContainEqual({
      user: { id: ben.id, name: 'Ben' },
      role: 'member',
      joinedAt: joinedAt.toISOString(),
    });
  });

  test('users are found by their id', async () => {
    const { store, ada } = scene;
    expect(await store.findUser(ada.id)).toEqual(ada);
    expect(await store.findUser(NOBODY.id)).toBeNull();
  });
}

/** The store's contract: read markers and unread counts. */
export function describeReading(scene: Scene): void {
  const unread = async (user = scene.ben) => (await scene.store.findRoom(scene.room, user.id))?.unread;

  test('messages after the join are unread until they are read; a read marker never moves back', async () => {
    const { store, ada, ben, room } = scene;
    await append(store, [typed(room, ada), typed(room, ada)]);
    expect(await unread()).toBeNull();
    await store.addMember(room, ben.id, new Date());
    expect(await unread()).toBe(0);
    await append(
      store,
      upTo(3).map(() => typed(room, ada)),
    );
    expect(await unread()).toBe(3);
    expect(await store.markRead(room, ben.id, 4)).toEqual({ seq: 4, moved: true });
    expect(await unread()).toBe(1);
    expect(await store.markRead(room, ben.id, 3)).toEqual({ seq: 4, moved: false });
    expect(await store.markRead(room, ben.id, 4)).toEqual({ seq: 4, moved: false });
    expect(await store.markRead(room, ben.id, 99)).toEqual({ seq: 5, moved: true });
    expect(await unread()).toBe(0);
    const [listed] = await store.listRooms(ben.id, { limit: 1 });
    expect(listed?.unread).toBe(listed?.id === room ? 0 : listed?.unread);
  });

  test('a user who writes has read all earlier messages', async () => {
    const { store, ada, ben, room } = scene;
    await store.addMember(room, ben.id, new Date());
    await append(store, [typed(room, ada), typed(room, ben), typed(room, ada)]);
    expect(await unread()).toBe(1);
    expect(await unread(ada)).toBe(0);
  });

  test('a user who is not a member has no read marker, and is not among the members', async () => {
    const { store, ada, ben, room } = scene;
    expect(await store.markRead(room, ben.id, 1)).toBeNull();
    expect(await store.findMembers(room, [ada.id, ben.id, NOWHERE])).toEqual([ada.id]);
  });
}
