import { parentPort } from 'node:worker_threads';
import type { ChangeOutcome, Store } from '../../store.ts';
import { openSqlite } from '../store.ts';
import { type Answer, type Call, sendError, sendOutcome } from './protocol.ts';

/** The other end of `threadedSqlite.ts`: has the databases open, and does what it is asked in the order it is asked. */
const stores = new Map<number, Store>();

async function answer({ database, method, args }: Call): Promise<unknown> {
  if (method === 'open') {
    stores.set(database, await openSqlite(args[0] as string));
    return undefined;
  }
  const store = stores.get(database) as Store;
  if (method === 'close') stores.delete(database);
  const value = await (store[method] as (...given: unknown[]) => Promise<unknown>)(...args);
  return method === 'commitChanges' ? (value as ChangeOutcome[]).map(sendOutcome) : value;
}

parentPort?.on('message', async (call: Call) => {
  const { id } = call;
  const settled: Answer = await answer(call).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, failure: sendError(error) }),
  );
  parentPort?.postMessage(settled);
});
