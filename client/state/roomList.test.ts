import { createRoot } from 'solid-js';
import { afterEach, expect, test, vi } from 'vitest';
import type { Room } from '../../contract/types.ts';
import type { RoomscribeClient } from '../sdk/client.ts';
import { createRoomList, type RoomList } from './roomList.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const room = (unread: number | null, lastSeq = 10) => ({ id: 'hall', lastSeq, unread }) as Room;

/** A list of rooms in one window. Its requests wait in `asked`. */
function open(userId = 'ann'): { list: RoomList; asked: PromiseWithResolvers<object>[] } {
  const asked: PromiseWithResolvers<object>[] = [];
  const query = () => {
    const request = Promise.withResolvers<object>();
    asked.push(request);
    return request.promise;
  };
  const trpc = { rooms: { list: { query } } } as unknown as RoomscribeClient['trpc'];
  const list = createRoot((close) => {
    closers.push(close);
    return createRoomList(trpc, userId);
  });
  return { list, asked };
}

/** A list that has loaded one room. */
async function loaded(unread: number | null, userId?: string) {
  const opened = open(userId);
  const refreshed = opened.list.refresh();
  opened.asked.shift()?.resolve({ items: [room(unread)], nextCursor: null });
  await refreshed;
  return opened;
}

const unreadIn = ({ list }: { list: RoomList }) => list.items()[0]?.unread;

test('an answer that is older than what the page knows does not undo it', async () => {
  const window = await loaded(3);
  const refreshed = window.list.refresh();
  window.list.change('hall', { lastSeq: 11, unread: 0 });
  window.asked.shift()?.resolve({ items: [room(3)], nextCursor: null });
  await refreshed;
  expect(window.list.items()).toEqual([room(0, 11)]);
  const again = window.list.refresh();
  window.asked.shift()?.resolve({ items: [room(1, 12)], nextCursor: null });
  await again;
  expect(window.list.items()).toEqual([room(1, 12)]);
});

test('what one window has read is read in the other windows of the same person', async () => {
  const here = await loaded(3);
  const there = await loaded(3);
  const stranger = await loaded(3, 'ben');
  here.list.read('hall', 8);
  await vi.waitFor(() => expect(unreadIn(there)).toBe(2));
  // Older news comes late.
  here.list.read('hall', 7);
  here.list.read('hall', 10);
  await vi.waitFor(() => expect(unreadIn(there)).toBe(0));
  expect([unreadIn(here), unreadIn(stranger)]).toEqual([0, 3]);
});

test('a room that the person has not joined has no unread messages', async () => {
  const window = await loaded(null);
  window.list.read('hall', 10);
  expect(unreadIn(window)).toBeNull();
});

test('without channels between windows, the list works alone', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const window = await loaded(3);
  vi.unstubAllGlobals();
  window.list.read('hall', 10);
  expect(unreadIn(window)).toBe(0);
});
