import { type Accessor, createSignal, onCleanup } from 'solid-js';
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
  /** The server knows the messages of a room up to this seq to be read. Other windows of this browser are told. */
  read: (roomId: string, seq: number) => void;
};

type RoomUpdate = (room: Room) => Room;

/** The rooms that the person may see, newest first, in pages. */
export function createRoomList(trpc: RoomscribeClient['trpc'], userId: string): RoomList {
  const [items, setItems] = createSignal<Room[]>([]);
  const [loaded, setLoaded] = createSignal(false);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [search, setSearch] = createSignal('');
  const [failure, setFailure] = createSignal<Failure | null>(null);

  /** The number of the last request. An answer to an older request is ignored. */
  let lastRequest = 0;
  /** What the page has learned since that request was made, until it is answered. The answer may be older. */
  let sinceRequest: RoomUpdate[] | undefined;
  const update = (next: RoomUpdate) => {
    sinceRequest?.push(next);
    setItems((known) => known.map(next));
  };
  const know = ({ roomId, seq }: ReadNews) =>
    update((room) => (room.id === roomId ? readUpTo(room, seq) : room));
  const tellOthers = createReadNews(userId, know);

  const load = async (after: string | null) => {
    lastRequest += 1;
    const request = lastRequest;
    const updates: RoomUpdate[] = [];
    sinceRequest = updates;
    try {
      const page = await trpc.rooms.list.query({ search: search() || undefined, cursor: after ?? undefined });
      if (request !== lastRequest) return;
      sinceRequest = undefined;
      const loaded = page.items.map((room) => updates.reduce((latest, next) => next(latest), room));
      setItems((known) => (after === null ? loaded : [...known, ...loaded]));
      setCursor(page.nextCursor);
      setLoaded(true);
      setFailure(null);
    } catch (error) {
      if (request !== lastRequest) return;
      sinceRequest = undefined;
      setFailure(describeFailure(error));
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
    change: (roomId, changes) => update((room) => (room.id === roomId ? { ...room, ...changes } : room)),
    read(roomId, seq) {
      know({ roomId, seq });
      tellOthers({ roomId, seq });
    },
    async create(name, language) {
      const room = await trpc.rooms.create.mutate({ name, language });
      void load(null);
      return room;
    },
  };
}

function readUpTo(room: Room, seq: number): Room {
  const unread = Math.max(0, room.lastSeq - seq);
  return room.unread !== null && unread < room.unread ? { ...room, unread } : room;
}

/** The person has read the messages of a room up to this seq. */
type ReadNews = { roomId: string; seq: number };

/**
 * Connects the windows that a person has in this browser: the server tells how far a room is read only to windows in
 * which it is open.
 * @returns a function that tells the other windows.
 */
function createReadNews(userId: string, onNews: (news: ReadNews) => void): (news: ReadNews) => void {
  const channel = openChannel(`roomscribe.read.${userId}`);
  channel?.addEventListener('message', ({ data }: MessageEvent<ReadNews>) => onNews(data));
  let isOpen = true;
  onCleanup(() => {
    isOpen = false;
    channel?.close();
  });
  return (news) => {
    if (isOpen) channel?.postMessage(news);
  };
}

/** Older browsers have no channels, and some forbid them together with the storage. */
function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}
