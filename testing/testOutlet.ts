import type { Outlet } from '../server/flow/outlet.ts';

export type TestOutlet<T> = Outlet<T> & {
  /** All written batches. */
  writes: (readonly T[])[];
  /** Makes the reader stop reading. */
  block: () => void;
  unblock: () => void;
};

/** An outlet whose reader a test can stop. */
export function createTestOutlet<T>(): TestOutlet<T> {
  const writes: (readonly T[])[] = [];
  let blocked: PromiseWithResolvers<void> | undefined;
  return {
    writes,
    write: (items) => void writes.push(items),
    get isBusy() {
      return blocked !== undefined;
    },
    drained: async () => blocked?.promise,
    block() {
      blocked ??= Promise.withResolvers();
    },
    unblock() {
      blocked?.resolve();
      blocked = undefined;
    },
  };
}
