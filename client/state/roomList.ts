import { type Accessor, createSignal } from 'solid-js';
import type { Room } from '../../contract/types.ts';
import type { RoomscribeClient } from '../sdk/client.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type RoomList = {
  items: Accessor<Room[]>;
  hasMore: Accessor<boolean>;
  search: Accessor<string>;
  failure: Accessor<Failure | null>;
  setSearch: (text: string) => void;
  refresh: () => Promise<void>;
  more: () => Promise<void>;
  create: (name: string, language: string) => Promise<Room>;
  /** Takes in what was heard of a room elsewhere. */
  change: (roomId: string, news: Partial<Room>) => void;
};

/** The rooms a person may see, newest first, a page at a time. */
export function createRoomList(trpc: RoomscribeClient['trpc']): RoomList {
  const [items, setItems] = createSignal<Room[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [search, setSearch] = createSignal('');
  const [failure, setFailure] = createSignal<Failure | null>(null);

  /** An answer that comes after the next question was asked is not shown. */
  let asked = 0;
  const ask = async (after: string | null) => {
    asked += 1;
    const question = asked;
    try {
      const page = await trpc.rooms.list.query({ search: search() || undefined, cursor: after ?? undefined });
      if (question !== asked) return;
      setItems((known) => (after === null ? page.items : [...known, ...page.items]));
      setCursor(page.nextCursor);
      setFailure(null);
    } catch (error) {
      if (question === asked) setFailure(describeFailure(error));
    }
  };

  return {
    items,
    hasMore: () => cursor() !== null,
    search,
    failure,
    setSearch(text) {
      setSearch(text);
      void ask(null);
    },
    refresh: () => ask(null),
    more: () => ask(cursor()),
    change(roomId, news) {
      setItems((known) => known.map((room) => (room.id === roomId ? { ...room, ...news } : room)));
    },
    async create(name, language) {
      const room = await trpc.rooms.create.mutate({ name, language });
      void ask(null);
      return room;
    },
  };
}
