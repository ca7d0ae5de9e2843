/** `localStorage`. Where the browser denies it, a storage that lasts as long as the page. */
export const storage: Storage = usable(() => localStorage) ?? createMemoryStorage();

/** `sessionStorage`, which belongs to one tab and survives a reload, with the same fallback. */
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
