import type { Outlet } from '../server/flow/outlet.ts';

export type TestOutlet<T> = Outlet<T> & {
  /** What was written, batch by batch. */
  writes: (readonly T[])[];
  /** From now on whoever reads does not. */
  block: () => void;
  unblock: () => void;
};

/** A way to a socket whose reader can be stopped. */
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
