import { type Accessor, createMemo, createSignal } from 'solid-js';
import type { RoomEvent, UserRef } from '../../contract/types.ts';
import type { Connected } from './connected.ts';

/** `online` means that the person has the room open. */
export type Person = UserRef & { online: boolean };

/** An event that changes the members of a room, or which of them are online. */
type PeopleEvent = Extract<RoomEvent, { type: 'presence' } | { change: 'joined' | 'left' }>;

export type People = {
  /** Members who are online come first. Each part is sorted by name. */
  items: Accessor<Person[]>;
  /** `failed`: the members could not be loaded. Those who are online are known all the same. */
  status: Accessor<'loading' | 'loaded' | 'failed'>;
  reload: () => void;
  /** How many people are online. In a large room, the server does not list all of them. */
  onlineCount: Accessor<number>;
  receive: (event: PeopleEvent) => void;
};

type Users = ReadonlyMap<string, UserRef>;

const byName = new Intl.Collator().compare;

/** The members of a room, and which of them have it open right now. */
export function createPeople({ trpc, onReconnect }: Connected, roomId: string): People {
  const members = createMembers(async () => {
    const page = await trpc.rooms.members.query({ roomId, limit: 200 });
    return page.items.map(({ user }) => user);
  });
  const [online, setOnline] = createSignal<Users>(new Map());
  const [onlineCount, setOnlineCount] = createSignal(0);
  void members.load();
  onReconnect(() => void members.load());

  const items = createMemo(() => {
    const all = new Map([...members.known(), ...online()]);
    return [...all.values()]
      .map((user) => ({ ...user, online: online().has(user.id) }))
      .sort((a, b) => Number(b.online) - Number(a.online) || byName(a.name, b.name));
  });

  return {
    items,
    status: members.status,
    reload: () => void members.load(),
    onlineCount,
    receive(event) {
      if (event.type === 'room') return members.receive(event);
      const next = new Map(event.change === 'all' ? [] : online());
      for (const user of event.users) {
        if (event.change === 'left') next.delete(user.id);
        else next.set(user.id, user);
      }
      setOnline(next);
      setOnlineCount(event.total);
    },
  };
}

type MemberChange = Extract<PeopleEvent, { type: 'room' }>;

export type Members = {
  known: Accessor<Users>;
  status: People['status'];
  /** Asks for the list, at the start and after a reconnect. A failed request leaves the list as it is. */
  load: () => Promise<void>;
  receive: (change: MemberChange) => void;
};

/** The members of a room. Events change the list: to ask for it at each of 200 joins would move megabytes. */
export function createMembers(ask: () => Promise<UserRef[]>): Members {
  const [known, setKnown] = createSignal<Users>(new Map());
  const [status, setStatus] = createSignal<'loading' | 'loaded' | 'failed'>('loading');
  /** What happened since the open request was made. Its answer may be older than that. */
  let sinceRequest: MemberChange[] | undefined;
  return {
    known,
    status,
    async load() {
      const changes: MemberChange[] = [];
      sinceRequest = changes;
      const users = await ask().catch(() => undefined);
      // Another request was made in the meantime, and its answer is newer.
      if (sinceRequest !== changes) return;
      sinceRequest = undefined;
      setStatus((last) => (users || last === 'loaded' ? 'loaded' : 'failed'));
      if (users) setKnown(changes.reduce(applyTo, new Map(users.map((user) => [user.id, user]))));
    },
    receive(change) {
      sinceRequest?.push(change);
      setKnown((members) => applyTo(members, change));
    },
  };
}

function applyTo(members: Users, { change, user }: MemberChange): Users {
  const next = new Map(members);
  if (change === 'joined') next.set(user.id, user);
  else next.delete(user.id);
  return next;
}
