import { type Accessor, createMemo, createSignal } from 'solid-js';
import type { RoomEvent, UserRef } from '../../contract/types.ts';
import type { Connected } from './connected.ts';

export type Person = UserRef & { here: boolean };

/** Who comes to belong to the room or to look at it, or does so no more. */
type Coming = Extract<RoomEvent, { type: 'presence' } | { change: 'joined' | 'left' }>;

export type People = {
  /** Members, those who are here first, then by name. */
  items: Accessor<Person[]>;
  /** How many are here; of a crowd not all are named. */
  hereCount: Accessor<number>;
  receive: (event: Coming) => void;
};

/** Who belongs to a room, and who of them is looking at it right now. */
export function createPeople({ trpc }: Connected, roomId: string): People {
  const [members, setMembers] = createSignal<UserRef[]>([]);
  const [here, setHere] = createSignal<ReadonlyMap<string, UserRef>>(new Map());

  const [hereCount, setHereCount] = createSignal(0);

  const load = async () => {
    const page = await trpc.rooms.members.query({ roomId, limit: 200 }).catch(() => undefined);
    if (page) setMembers(page.items.map((member) => member.user));
  };
  void load();

  const items = createMemo(() => {
    const all = new Map([...members(), ...here().values()].map((user) => [user.id, user]));
    return [...all.values()]
      .map((user) => ({ ...user, here: here().has(user.id) }))
      .sort((a, b) => Number(b.here) - Number(a.here) || a.name.localeCompare(b.name));
  });

  return {
    items,
    hereCount,
    receive(event) {
      if (event.type === 'room') return void load();
      const next = new Map(event.change === 'all' ? [] : here());
      for (const user of event.users) {
        if (event.change === 'left') next.delete(user.id);
        else next.set(user.id, user);
      }
      setHere(next);
      setHereCount(event.total);
    },
  };
}
