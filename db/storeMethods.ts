import type { Store } from './store.ts';

export type StoreMethod = Exclude<keyof Store, 'label' | 'close'>;

/** Every method's name. A record, so that the compiler refuses a list from which one is missing. */
const STORE_METHODS: Record<StoreMethod, true> = {
  addUser: true,
  findUser: true,
  createRoom: true,
  updateRoom: true,
  findRoom: true,
  listRooms: true,
  heads: true,
  findRole: true,
  addMember: true,
  removeMember: true,
  listMembers: true,
  commitChanges: true,
  findMessage: true,
  listMessages: true,
  changesAfter: true,
  listSpoken: true,
  listSpokenByTime: true,
  searchMessages: true,
  markRead: true,
  findMembers: true,
  addSpeechSeconds: true,
  speechSeconds: true,
  ping: true,
};

/**
 * Makes a store's methods out of one function: for a store that lives in another thread, or that is not open yet.
 * @param ask does what the named method does.
 */
export function methodsThat(
  ask: (method: StoreMethod, args: unknown[]) => Promise<unknown>,
): Pick<Store, StoreMethod> {
  const names = Object.keys(STORE_METHODS) as StoreMethod[];
  const methods = names.map((name) => [name, (...args: unknown[]) => ask(name, args)]);
  return Object.fromEntries(methods) as Pick<Store, StoreMethod>;
}
