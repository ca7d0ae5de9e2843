import { setImmediate as nextTurn } from 'node:timers/promises';

/** Waits until work that is already under way in memory is done. It waits for turns of the event loop, not for a clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}
