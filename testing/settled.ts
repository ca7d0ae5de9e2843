import { setImmediate as nextTurn } from 'node:timers/promises';

/** Waits some turns of the event loop, until work that has begun in memory is done. It does not wait for a clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}
