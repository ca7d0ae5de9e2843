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

/** The members of a room, and which of them have it open right now. */
export function createPeople({ trpc }: Connected, roomId: string): People {
  const [members, setMembers] = createSignal<UserRef[]>([]);
  const [online, setOnline] = createSignal<ReadonlyMap<string, UserRef>>(new Map());

  const [onlineCount, setOnlineCount] = createSignal(0);

  const [status, setStatus] = createSignal<'loading' | 'loaded' | 'failed'>('loading');
  const load = async () => {
    const page = await trpc.rooms.members.query({ roomId, limit: 200 }).catch(() => undefined);
    setStatus((known) => (page || known === 'loaded' ? 'loaded' : 'failed'));
    if (page) setMembers(page.items.map((member) => member.user));
  };
  void load();

  const items = createMemo(() => {
    const all = new Map([...members(), ...online().values()].map((user) => [user.id, user]));
    return [...all.values()]
      .map((user) => ({ ...user, online: online().has(user.id) }))
      .sort((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
  });

  return {
    items,
    status,
    reload: () => void load(),
    onlineCount,
    receive(event) {
      if (event.type === 'room') return void load();
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
