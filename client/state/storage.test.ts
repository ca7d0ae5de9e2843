import { describe, expect, test } from 'vitest';
import { takeInterruptedStream } from './interruptedStream.ts';
import { createSafeStorage } from './storage.ts';
import { createMemoryStorage } from './testing/memoryStorage.ts';

const refuse = (): never => {
  throw new DOMException('refused', 'QuotaExceededError');
};

/** The ways in which a browser refuses its storage. */
const broken: Record<string, () => Storage> = {
  'whose access throws': refuse,
  'that is null': () => null as unknown as Storage,
  'whose methods throw': () => ({
    get length() {
      return refuse();
    },
    ...{ key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse, clear: refuse },
  }),
  'that is full': () => Object.assign(createMemoryStorage(), { setItem: refuse }),
};

describe.each(Object.entries(broken))('a browser storage %s', (_, open) => {
  test('keeps items as long as the page is open', () => {
    const storage = createSafeStorage(open);
    storage.setItem('draft', 'hel');
    storage.setItem('draft', 'hello');
    storage.setItem('other', 'x');
    storage.removeItem('other');
    expect([storage.getItem('draft'), storage.getItem('other')]).toEqual(['hello', null]);
    expect([storage.length, storage.key(0), storage.key(1)]).toEqual([1, 'draft', null]);
    storage.clear();
    expect([storage.getItem('draft'), storage.length]).toEqual([null, 0]);
  });
});

test('a storage that fills up later returns the newest value, and saves again when there is room', () => {
  const browser = createMemoryStorage();
  let isFull = false;
  const save = browser.setItem;
  const storage = createSafeStorage(() =>
    Object.assign(browser, {
      setItem: (key: string, value: string) => (isFull ? refuse() : save(key, value)),
    }),
  );
  storage.setItem('draft', 'one');
  isFull = true;
  storage.setItem('draft', 'one two');
  expect([storage.getItem('draft'), browser.getItem('draft'), storage.length]).toEqual(['one two', 'one', 1]);
  isFull = false;
  storage.setItem('draft', 'three');
  expect([storage.getItem('draft'), browser.getItem('draft')]).toEqual(['three', 'three']);
});

test('an item that the browser does not remove is gone all the same, until it is written again', () => {
  const browser = createMemoryStorage();
  browser.setItem('draft', 'sent');
  browser.setItem('other', 'kept');
  const storage = createSafeStorage(() => Object.assign(browser, { removeItem: refuse, clear: refuse }));
  storage.removeItem('draft');
  expect([storage.getItem('draft'), storage.length, storage.key(0)]).toEqual([null, 1, 'other']);
  storage.setItem('draft', 'next');
  expect([storage.getItem('draft'), storage.length]).toEqual(['next', 2]);
  storage.clear();
  expect([storage.getItem('draft'), storage.length, storage.key(0)]).toEqual([null, 0, null]);
});

test('a damaged entry of an interrupted stream is ignored and removed', () => {
  const storage = createMemoryStorage();
  for (const damaged of ['{', 'null', '"text"']) {
    storage.setItem('roomscribe.speaking', damaged);
    expect(takeInterruptedStream(storage, 'room', 0)).toBeUndefined();
    expect(storage.length).toBe(0);
  }
});
