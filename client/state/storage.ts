/** The browser's storage, or one that lasts as long as the page where the browser denies it. */
export const storage: Storage = usable(() => localStorage) ?? createMemoryStorage();

/** As `storage`, of this tab alone; outlasts a reload. */
export const tabStorage: Storage = usable(() => sessionStorage) ?? createMemoryStorage();

function usable(get: () => Storage): Storage | undefined {
  try {
    get().setItem('roomscribe.probe', '');
    get().removeItem('roomscribe.probe');
    return get();
  } catch {
    return undefined;
  }
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
