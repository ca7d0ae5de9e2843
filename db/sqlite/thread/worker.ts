import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { ChangeOutcome, Store } from '../../store.ts';
import { openSqlite } from '../store.ts';
import { type Answer, type Call, serializeError, serializeOutcome } from './protocol.ts';

/**
 * The store thread, the other end of `threadedSqlite.ts`. It starts one call after another in the order in which they arrive,
 * but commits first: people wait for them.
 */
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

const port = parentPort as MessagePort;
const waiting: Call[] = [];

async function answer(call: Call): Promise<void> {
  const { id } = call;
  const result: Answer = await runCall(call).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, failure: serializeError(error) }),
  );
  port.postMessage(result);
}

/** Takes over all calls that have arrived. @returns the one to run next. */
function nextCall(): Call | undefined {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    waiting.push(next.message);
  const commit = waiting.findIndex(({ method }) => method === 'commitChanges');
  return waiting.splice(Math.max(0, commit), 1)[0];
}

let isPlanned = false;

/** A call that waits, such as for another process's lock, holds up no other. All that runs at once is done before the next. */
function runNext(): void {
  const call = nextCall();
  isPlanned = call !== undefined;
  if (!call) return;
  void answer(call);
  setImmediate(runNext);
}

port.on('message', (call: Call) => {
  waiting.push(call);
  if (!isPlanned) runNext();
});
