import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from './open.ts';
import { isAway } from './sql/failures/failures.ts';
import type { Store } from './store.ts';
import { forwardMethods } from './storeMethods.ts';
import { storeUnavailable } from './storeUnavailable.ts';

const RETRY_MS = [500, 1_000, 2_000, 5_000];

/**
 * Opens the database. If it is unreachable, or another process migrates it, returns a store that keeps trying to open it.
 * Until that succeeds, every call of the store fails with a retryable error.
 * @param onAway is called with the error of each failed attempt.
 * @throws Error like `openStore` if waiting cannot help: for a wrong URL, or for a server that refuses us. Once it waits, it
 *   goes on in that case too: an operator may have made a mistake while the database was away.
 */
export async function openStoreOrWait(
  url: string,
  onAway: (error: unknown) => void,
  open: typeof openStore = openStore,
): Promise<Store> {
  try {
    return await open(url);
  } catch (error) {
    if (!isAway(error)) throw error;
    onAway(error);
    return createWaitingStore(() => open(url), onAway);
  }
}

function createWaitingStore(open: () => Promise<Store>, onAway: (error: unknown) => void): Store {
  let opened: Store | undefined;
  let failure = storeUnavailable();
  const closing = new AbortController();

  const keepTrying = async () => {
    for (let attempt = 0; !opened; attempt += 1) {
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal: closing.signal });
      opened = await open().catch((error: unknown) => {
        onAway(error);
        failure = storeUnavailable(error);
        return undefined;
      });
    }
  };
  const trying = keepTrying().catch(() => {});

  return {
    ...forwardMethods(async (method, args) => {
      if (!opened) throw failure;
      return (opened[method] as (...given: unknown[]) => Promise<unknown>)(...args);
    }),
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
