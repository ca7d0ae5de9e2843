import type { ChangeOutcome, Store } from '../store.ts';

/** A removed or edited text stays in the write-ahead log for this long at most, if no other process reads. */
const FORGET_MS = 5_000;

/**
 * Empties the write-ahead log soon after a text was removed or edited. `secure_delete` overwrites it in the database
 * file, but the log still has the pages from when it was written, and reuses their place only after another 4 MB.
 * @param emptyLog moves the log into the file. Answers false if another process still reads the log.
 */
export function forgetRemoved(store: Store, emptyLog: () => Promise<boolean>): Store {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const forgetSoon = () => {
    timer ??= setTimeout(async () => {
      timer = undefined;
      const isEmpty = await emptyLog().catch(() => false);
      if (!isEmpty && !isClosed) forgetSoon();
    }, FORGET_MS).unref();
  };
  return {
    ...store,
    async commitChanges(changes) {
      const outcomes = await store.commitChanges(changes);
      if (changes.some(({ type }, i) => takesText(type) && hasChanged(outcomes[i]))) forgetSoon();
      return outcomes;
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      // The last connection that closes removes the log. Another process may have one.
      if (timer) await emptyLog().catch(() => {});
      await store.close();
    },
  };
}

const takesText = (type: string) => type === 'remove' || type === 'edit';

const hasChanged = (outcome: ChangeOutcome | undefined) =>
  outcome !== undefined && 'changed' in outcome && outcome.changed;
