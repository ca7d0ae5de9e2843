/**
 * `localStorage`. Every use of the browser's storage may throw: it is forbidden, full, or was taken away while the page
 * is open. Then this one keeps the item until the page is closed, so that only a reload loses it.
 */
export const storage: Storage = createSafeStorage(() => localStorage);

/** `sessionStorage`, which belongs to one tab and survives a reload, in the same way. */
export const tabStorage: Storage = createSafeStorage(() => sessionStorage);

/** @param open reads the browser's storage, because the mere access to `localStorage` may throw. */
export function createSafeStorage(open: () => Storage): Storage {
  /** The items that the browser did not take. They hide older values of the same keys. */
  const unsaved = createMemoryStorage();
  const attempt = <T>(use: (browser: Storage) => T, otherwise: T): T => {
    try {
      return use(open());
    } catch {
      return otherwise;
    }
  };
  const keys = () => {
    const browserKeys = attempt(keysOf, []);
    return [...browserKeys, ...keysOf(unsaved).filter((key) => !browserKeys.includes(key))];
  };
  return {
    get length() {
      return keys().length;
    },
    key: (index) => keys()[index] ?? null,
    getItem: (key) => unsaved.getItem(key) ?? attempt((browser) => browser.getItem(key), null),
    setItem(key, value) {
      const isSaved = attempt((browser) => {
        browser.setItem(key, value);
        return true;
      }, false);
      if (isSaved) unsaved.removeItem(key);
      else unsaved.setItem(key, value);
    },
    removeItem(key) {
      unsaved.removeItem(key);
      attempt((browser) => browser.removeItem(key), undefined);
    },
    clear() {
      unsaved.clear();
      attempt((browser) => browser.clear(), undefined);
    },
  };
}

export function createMemoryStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

function keysOf(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
}
