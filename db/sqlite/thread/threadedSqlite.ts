import type { Store } from '../../store.ts';
import { methodsThat, type StoreMethod } from '../../storeMethods.ts';
import { storeUnavailable } from '../../storeUnavailable.ts';
import { receiveOutcome, type SentOutcome } from './protocol.ts';
import { StoreThread } from './storeThread.ts';

/** All SQLite databases of this process share one: the ORM is loaded there once. */
let thread: StoreThread | undefined;
let databases = 0;

/**
 * SQLite in a thread of its own. Its driver knows no waiting but standing still: here neither a commit on its way to the
 * disk nor a long search holds up a socket. And while one commit is under way others queue up, for the next to take
 * together. A thread that has died is replaced; what it was asked fails, to be tried again.
 * @throws Error as `connectSqlite`
 */
export async function openThreadedSqlite(path: string): Promise<Store> {
  const database = ++databases;
  let opened = openIn(database, path);
  let closed = false;
  await opened;

  const home = async (): Promise<StoreThread> => {
    const current = opened;
    const isGone = await current.then(
      ({ hasEnded }) => hasEnded,
      () => true,
    );
    if (isGone && opened === current) opened = openIn(database, path);
    return opened;
  };
  const ask = async (method: StoreMethod, args: unknown[]) => {
    if (closed) throw storeUnavailable();
    return (await home()).ask({ database, method, args });
  };

  return {
    label: `SQLite (${path})`,
    ...methodsThat(ask),
    async commitChanges(changes) {
      const outcomes = (await ask('commitChanges', [changes])) as SentOutcome[];
      return outcomes.map(receiveOutcome);
    },
    async close() {
      if (closed) return;
      closed = true;
      const last = await home();
      await last.ask({ database, method: 'close', args: [] }).finally(() => last.release());
    },
  };
}

async function openIn(database: number, path: string): Promise<StoreThread> {
  if (!thread || thread.hasEnded) thread = new StoreThread();
  const home = thread;
  home.hold();
  try {
    await home.ask({ database, method: 'open', args: [path] });
    return home;
  } catch (error) {
    home.release();
    throw error;
  }
}
