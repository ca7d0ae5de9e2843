import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy, isReadOnly, toStoreError } from './failures.ts';

type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

/** How long a call waits while another process writes to the SQLite file. */
const BUSY_WAIT_MS = 5_000;
const BUSY_RETRY_MS = 25;

/**
 * Wraps a store's methods. A temporary failure of the database becomes a retryable AppError. While another process
 * writes to the SQLite file, a call is repeated until it succeeds: other calls run between the attempts, whereas SQLite's
 * own busy timeout blocks its thread, and every call there.
 */
export function guardMethods<T extends Methods>(methods: T): T {
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      const deadline = performance.now() + BUSY_WAIT_MS;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await method(...args);
        } catch (error) {
          // A read-only server has written nothing, and the next attempt gets a new connection.
          const canRepeat = isBusy(error) || (isReadOnly(error) && attempt === 1);
          if (!canRepeat || performance.now() > deadline) throw toStoreError(error);
          await sleep(BUSY_RETRY_MS);
        }
      }
    },
  ]);
  return Object.fromEntries(guarded) as T;
}
