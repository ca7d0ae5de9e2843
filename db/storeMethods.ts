import type { Store } from './store.ts';

/** What can be asked of a store, for those who pass it on to one that is elsewhere, or not there yet. */
const STORE_METHODS = [
  'addUser',
  'findUser',
  'createRoom',
  'updateRoom',
  'findRoom',
  'listRooms',
  'heads',
  'findRole',
  'addMember',
  'removeMember',
  'listMembers',
  'commitChanges',
  'findMessage',
  'listMessages',
  'changesAfter',
  'listSpoken',
  'listSpokenByTime',
  'searchMessages',
  'markRead',
  'findMembers',
  'addSpeechSeconds',
  'speechSeconds',
  'ping',
] as const satisfies StoreMethod[];

export type StoreMethod = Exclude<keyof Store, 'label' | 'close'>;

/** A store's methods, each of them by its name. @param ask does what the method does. */
export function methodsThat(
  ask: (method: StoreMethod, args: unknown[]) => Promise<unknown>,
): Pick<Store, StoreMethod> {
  const methods = STORE_METHODS.map((name) => [name, (...args: unknown[]) => ask(name, args)]);
  return Object.fromEntries(methods) as Pick<Store, StoreMethod>;
}
