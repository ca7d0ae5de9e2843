import { afterEach, expect, test, vi } from 'vitest';
import { newMessage } from '../../contract/inputs.ts';
import { randomId } from './randomId.ts';

afterEach(() => vi.unstubAllGlobals());

test('an id is a UUID of version 4 that the server accepts, also where crypto.randomUUID is missing', () => {
  const { crypto } = globalThis;
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const ids = new Set(Array.from({ length: 200 }, randomId));
  expect(ids.size).toBe(200);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newMessage.parse({ roomId: id, clientId: id, text: 'x' }).clientId).toBe(id);
  }
});
