import { parentPort, workerData } from 'node:worker_threads';
import type { User } from '../../contract/types.ts';
import { openStore } from '../open.ts';
import { append, kept, typed } from './material.ts';

/**
 * A process of its own, nearly: opens the database and appends batches to a room, one after the other. Two stores in
 * one thread would wait for each other for ever, as SQLite waits without letting anything else run.
 */
export type Task = {
  url: string;
  roomId: string;
  author: User;
  batches: number;
  batchSize: number;
  /** Where all threads wait for the last one: how many have come, and whether they may go. */
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
