import { parentPort, workerData } from 'node:worker_threads';
import type { User } from '../../contract/types.ts';
import { openStore } from '../open.ts';
import { append, kept, typed } from './material.ts';

/**
 * Stands for another process: a worker thread that opens the database and appends batches to a room, one after the other.
 * Two SQLite stores in one thread would not compete: the one that waits for the write lock blocks the one that holds it.
 */
export type Task = {
  url: string;
  roomId: string;
  author: User;
  batches: number;
  batchSize: number;
  /** All threads start together: [0] counts the threads that are ready, [1] is 1 once all of them are. */
  gate: Int32Array;
  threads: number;
};

const { url, roomId, author, batches, batchSize, gate, threads } = workerData as Task;
if (Atomics.add(gate, 0, 1) + 1 < threads) {
  Atomics.wait(gate, 1, 0);
} else {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}
const store = await openStore(url);
const seqs: number[] = [];
for (let i = 0; i < batches; i += 1) {
  const batch = Array.from({ length: batchSize }, () => typed(roomId, author));
  seqs.push(...kept(await append(store, batch)).map(({ seq }) => seq));
}
await store.close();
parentPort?.postMessage(seqs);
