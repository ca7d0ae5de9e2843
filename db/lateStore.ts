import { setTimeout as sleep } from 'node:timers/promises';
import { isAway, storeUnavailable } from './failures.ts';
import { openStore } from './open.ts';
import type { Store } from './store.ts';

const RETRY_MS = [500, 1_000, 2_000, 5_000];

const METHODS = [
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
] as const satisfies Exclude<keyof Store, 'label' | 'close'>[];

/**
 * Opens the database, or, if it is away, answers a store that is waiting for it: every call fails, retryable, until it
 * is there.
 * @param onAway hears of each attempt that failed.
 * @throws Error as `openStore`, if waiting will not help: a wrong URL, or a server that refuses us.
 */
export async function openStoreOrWait(url: string, onAway: (error: unknown) => void): Promise<Store> {
  try {
    return await openStore(url);
  } catch (error) {
    if (!isAway(error)) throw error;
    onAway(error);
    return waitFor(url, onAway);
  }
}

function waitFor(url: string, onAway: (error: unknown) => void): Store {
  let opened: Store | undefined;
  let failure: unknown = storeUnavailable();
  const closing = new AbortController();

  const keepTrying = async () => {
    for (let attempt = 0; !opened; attempt += 1) {
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal: closing.signal });
      opened = await openStore(url).catch((error: unknown) => {
        onAway(error);
        failure = isAway(error) ? failure : error;
        return undefined;
      });
    }
  };
  const trying = keepTrying().catch(() => {});

  const methods = METHODS.map((name) => [
    name,
    async (...args: never[]) => {
      if (!opened) throw failure;
      return (opened[name] as (...given: never[]) => Promise<unknown>)(...args);
    },
  ]);
  return {
    ...(Object.fromEntries(methods) as Omit<Store, 'label' | 'close'>),
    get label() {
      return opened?.label ?? 'waiting for the database to answer';
    },
    async close() {
      closing.abort();
      await trying;
      await opened?.close();
    },
  };
}
