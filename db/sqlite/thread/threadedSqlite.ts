import type { Store } from '../../store.ts';
import { forwardMethods, type StoreMethod } from '../../storeMethods.ts';
import { storeUnavailable } from '../../storeUnavailable.ts';
import { deserializeOutcome, type SerializedOutcome } from './protocol.ts';
import { StoreThread } from './storeThread.ts';

/** All SQLite databases of this process share one thread, so that the ORM is loaded only once. */
let thread: StoreThread | undefined;
let databases = 0;

/**
 * Opens SQLite in the store thread. The driver is synchronous: in the main thread, a commit's disk write or a long
 * search would delay every socket. During a commit the main thread queues new messages, and the next commit takes them
 * together. If the thread dies, its pending calls fail with a retryable error, and the next call starts a new thread.
 * @throws Error like `connectSqlite`.
 */
export async function openThreadedSqlite(path: string): Promise<Store> {
  const database = ++databases;
  let opened = openInThread(database, path);
  let closed = false;
  await opened;

  /** The thread in which the database is open. Opens it in a new one if its thread has ended. */
  const currentThread = async (): Promise<StoreThread> => {
    const current = opened;
    const isLost = await current.then(
      ({ hasEnded }) => hasEnded,
      () => true,
    );
    if (isLost && opened === current) opened = openInThread(database, path);
    return opened.catch((error: unknown) => {
      throw storeUnavailable(error);
    });
  };
  const call = async (method: StoreMethod, args: unknown[]) => {
    if (closed) throw storeUnavailable();
    return (await currentThread()).call({ database, method, args });
  };

  return {
    label: `SQLite (${path})`,
    ...forwardMethods(call),
    async commitChanges(changes) {
      const outcomes = (await call('commitChanges', [changes])) as SerializedOutcome[];
      return outcomes.map(deserializeOutcome);
    },
    async close() {
      if (closed) return;
      closed = true;
      const last = await currentThread();
      await last.call({ database, method: 'close', args: [] }).finally(() => last.release());
    },
  };
}

async function openInThread(database: number, path: string): Promise<StoreThread> {
  if (!thread || thread.hasEnded) thread = new StoreThread();
  const host = thread;
  host.hold();
  try {
    await host.call({ database, method: 'open', args: [path] });
    return host;
  } catch (error) {
    host.release();
    throw error;
  }
}
