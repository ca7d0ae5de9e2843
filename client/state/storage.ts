/**
 * `localStorage`. Every use of the browser's storage may throw: it is forbidden, full, or was taken away while the page
 * is open. Then this one keeps the item until the page is closed, so that only a reload loses it.
 */
export const storage: Storage = createSafeStorage(() => localStorage);

/** `sessionStorage`, which belongs to one tab and survives a reload, in the same way. */
export const tabStorage: Storage = createSafeStorage(() => sessionStorage);

/** @param open reads the browser's storage, because the mere access to `localStorage` may throw. */
export function createSafeStorage(open: () => Storage): Storage {
  /** The changes that the browser did not take: new values, and null for removed ones. They hide what it holds. */
  const unsaved = new Map<string, string | null>();
  const attempt = <T>(use: (browser: Storage) => T, otherwise: T): T => {
    try {
      return use(open());
    } catch {
      return otherwise;
    }
  };
  /** Makes a change in the browser, and keeps it here if the browser refuses it. */
  const change = (key: string, value: string | null) => {
    const isSaved = attempt((browser) => {
      if (value === null) browser.removeItem(key);
      else browser.setItem(key, value);
      return true;
    }, false);
    if (isSaved) unsaved.delete(key);
    else unsaved.set(key, value);
  };
  const keys = () => {
    const known = new Set([...attempt(keysOf, []), ...unsaved.keys()]);
    return [...known].filter((key) => unsaved.get(key) !== null);
  };
  return {
    get length() {
      return keys().length;
    },
    key: (index) => keys()[index] ?? null,
    getItem(key) {
      const kept = unsaved.get(key);
      return kept === undefined ? attempt((browser) => browser.getItem(key), null) : kept;
    },
    setItem: (key, value) => change(key, value),
    removeItem: (key) => change(key, null),
    clear() {
      for (const key of keys()) change(key, null);
    },
  };
}

function keysOf(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
}
