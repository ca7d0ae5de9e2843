import { parentPort } from 'node:worker_threads';
import type { ChangeOutcome, Store } from '../../store.ts';
import { openSqlite } from '../store.ts';
import { type Answer, type Call, serializeError, serializeOutcome } from './protocol.ts';

/** The store thread, the other end of `threadedSqlite.ts`. It starts the calls in the order in which they arrive. */
const stores = new Map<number, Store>();

async function runCall({ database, method, args }: Call): Promise<unknown> {
  if (method === 'open') {
    stores.set(database, await openSqlite(args[0] as string));
    return undefined;
  }
  const store = stores.get(database) as Store;
  if (method === 'close') stores.delete(database);
  const value = await (store[method] as (...given: unknown[]) => Promise<unknown>)(...args);
  return method === 'commitChanges' ? (value as ChangeOutcome[]).map(serializeOutcome) : value;
}

parentPort?.on('message', async (call: Call) => {
  const { id } = call;
  const answer: Answer = await runCall(call).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, failure: serializeError(error) }),
  );
  parentPort?.postMessage(answer);
});
