import { expect, test } from 'vitest';
import { nextMessageId } from './messageId.ts';

test('message ids are UUIDs of version 7 that grow, also within a millisecond', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, nextMessageId);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const first = Number.parseInt((ids[0] as string).slice(0, 13).replace('-', ''), 16);
  expect(first).toBeGreaterThanOrEqual(before);
  expect(first).toBeLessThan(before + 10_000);
});
