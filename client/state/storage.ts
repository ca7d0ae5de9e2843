/** The browser's storage, or one that lasts as long as the page where the browser denies it. */
export const storage: Storage = usable() ?? createMemoryStorage();

function usable(): Storage | undefined {
  try {
    localStorage.setItem('roomscribe.probe', '');
    localStorage.removeItem('roomscribe.probe');
    return localStorage;
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
