import { type Accessor, createSignal } from 'solid-js';
import type { Room } from '../../contract/types.ts';
import type { RoomscribeClient } from '../sdk/client.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type RoomList = {
  items: Accessor<Room[]>;
  /** Whether the server has answered. Before that, an empty list means nothing. */
  loaded: Accessor<boolean>;
  hasMore: Accessor<boolean>;
  search: Accessor<string>;
  failure: Accessor<Failure | null>;
  setSearch: (text: string) => void;
  refresh: () => Promise<void>;
  more: () => Promise<void>;
  create: (name: string, language: string) => Promise<Room>;
  /** Applies a change of a room that another part of the page has learned of. */
  change: (roomId: string, changes: Partial<Room>) => void;
};

/** The rooms that the person may see, newest first, in pages. */
export function createRoomList(trpc: RoomscribeClient['trpc']): RoomList {
  const [items, setItems] = createSignal<Room[]>([]);
  const [loaded, setLoaded] = createSignal(false);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [search, setSearch] = createSignal('');
  const [failure, setFailure] = createSignal<Failure | null>(null);

  /** The number of the last request. An answer to an older request is ignored. */
  let lastRequest = 0;
  const load = async (after: string | null) => {
    lastRequest += 1;
    const request = lastRequest;
    try {
      const page = await trpc.rooms.list.query({ search: search() || undefined, cursor: after ?? undefined });
      if (request !== lastRequest) return;
      setItems((known) => (after === null ? page.items : [...known, ...page.items]));
      setCursor(page.nextCursor);
      setLoaded(true);
      setFailure(null);
    } catch (error) {
      if (request === lastRequest) setFailure(describeFailure(error));
    }
  };

  return {
    items,
    loaded,
    hasMore: () => cursor() !== null,
    search,
    failure,
    setSearch(text) {
      setSearch(text);
      void load(null);
    },
    refresh: () => load(null),
    more: () => load(cursor()),
    change(roomId, changes) {
      setItems((known) => known.map((room) => (room.id === roomId ? { ...room, ...changes } : room)));
    },
    async create(name, language) {
      const room = await trpc.rooms.create.mutate({ name, language });
      void load(null);
      return room;
    },
  };
}
