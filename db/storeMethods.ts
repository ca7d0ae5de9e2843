import type { Store } from './store.ts';

export type StoreMethod = Exclude<keyof Store, 'label' | 'close'>;

/** The names of all methods. A record, so that the compiler reports a missing name. */
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
  newestInRooms: true,
  searchPart: true,
  findMessages: true,
  markRead: true,
  findMembers: true,
  addSpeechSeconds: true,
  speechSeconds: true,
  addStream: true,
  findStream: true,
  sealStream: true,
  endStream: true,
  ping: true,
};

/**
 * Makes all methods of a store from one function, for a store that is in another thread or not open yet.
 * @param call runs the named method with these arguments.
 */
export function forwardMethods(
  call: (method: StoreMethod, args: unknown[]) => Promise<unknown>,
): Pick<Store, StoreMethod> {
  const names = Object.keys(STORE_METHODS) as StoreMethod[];
  const methods = names.map((name) => [name, (...args: unknown[]) => call(name, args)]);
  return Object.fromEntries(methods) as Pick<Store, StoreMethod>;
}
