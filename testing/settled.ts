import { setImmediate as nextTurn } from 'node:timers/promises';

/** Until everything that was already under way in memory has come to rest: no wait for a clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}
