import { expect, test } from 'vitest';
import type { UserRef } from '../../contract/types.ts';
import type { Connected } from './connected.ts';
import { createMembers, createPeople } from './people.ts';

const user = (name: string): UserRef => ({ id: name.toLowerCase(), name });
const joined = (name: string) =>
  ({ type: 'room', change: 'joined', user: user(name), memberCount: 1 }) as const;
const left = (name: string) => ({ type: 'room', change: 'left', user: user(name), memberCount: 1 }) as const;

/** Members whose requests the test answers, in any order. */
function open() {
  const requests: PromiseWithResolvers<UserRef[]>[] = [];
  const members = createMembers(() => {
    const request = Promise.withResolvers<UserRef[]>();
    requests.push(request);
    return request.promise;
  });
  const names = () => [...members.known().values()].map(({ name }) => name).toSorted();
  const answer = (index: number, ...list: string[]) => requests[index]?.resolve(list.map(user));
  return { members, requests, names, answer };
}

test('joins and leaves change the list, and nobody asks for it again', async () => {
  const { members, requests, names, answer } = open();
  const loaded = members.load();
  answer(0, 'Ann', 'Ben');
  await loaded;
  for (let i = 0; i < 200; i += 1) members.receive(joined(`Guest ${i}`));
  members.receive(joined('Guest 7'));
  members.receive(left('Ben'));
  expect(names()).toHaveLength(201);
  expect(names()).not.toContain('Ben');
  expect(requests).toHaveLength(1);
});

test('what happens while the list is on its way is not lost', async () => {
  const { members, names, answer } = open();
  const loaded = members.load();
  members.receive(joined('Cem'));
  members.receive(left('Ben'));
  members.receive(joined('Dan'));
  members.receive(left('Dan'));
  answer(0, 'Ann', 'Ben', 'Dan');
  await loaded;
  expect(names()).toEqual(['Ann', 'Cem']);
});

test('after a reconnect the newest answer counts, and a failed request keeps the list', async () => {
  const { members, requests, names, answer } = open();
  const first = members.load();
  const second = members.load();
  answer(1, 'Ann', 'Cem');
  await second;
  answer(0, 'Ann', 'Ben');
  await first;
  expect(names()).toEqual(['Ann', 'Cem']);
  const third = members.load();
  members.receive(joined('Dan'));
  requests[2]?.reject(new Error('socket closed'));
  await third;
  expect(names()).toEqual(['Ann', 'Cem', 'Dan']);
});

test('the members of an open room are asked for at the start and after each reconnect, not at a join', () => {
  let asked = 0;
  const listeners: (() => void)[] = [];
  const query = async () => {
    asked += 1;
    return { items: [], nextCursor: null };
  };
  const connected = {
    trpc: { rooms: { members: { query } } },
    onReconnect: (listener: () => void) => listeners.push(listener),
  } as unknown as Connected;
  const people = createPeople(connected, 'hall');
  for (const name of ['Ann', 'Ben', 'Cem']) people.receive(joined(name));
  people.receive(left('Ben'));
  expect(asked).toBe(1);
  for (const listener of listeners) listener();
  expect(asked).toBe(2);
});
