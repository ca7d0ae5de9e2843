import { expect, test } from 'vitest';
import { openSqlite } from '../../db/sqlite/store.ts';
import { TokenBuckets } from '../flow/tokenBuckets.ts';
import { createIdentity, GUESTS } from './identity.ts';

const SECRET = 'a secret of at least 32 characters, for tests';

test('an address that made too many guests makes no more for a while; other addresses do, and no row is added', async () => {
  const store = await openSqlite(':memory:');
  let rows = 0;
  const counted = {
    ...store,
    addUser: (...args: Parameters<typeof store.addUser>) => {
      rows += 1;
      return store.addUser(...args);
    },
  };
  const identity = createIdentity(counted, SECRET, new TokenBuckets({ capacity: 2, refillPerSecond: 0.01 }));
  for (const name of ['Ada', 'Ben']) await identity.guest(name, 'home');
  await expect(identity.guest('Cas', 'home')).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    reason: 'too_many_guests',
    retryable: true,
    retryAfterMs: expect.any(Number),
  });
  const { token, user } = await identity.guest('Dan', 'school');
  expect(await identity.identify(token)).toEqual(user);
  expect(rows).toBe(3);
  await store.close();
});

test('a school of 5,000 behind one address gets in at once', () => {
  const guests = new TokenBuckets(GUESTS);
  for (let i = 0; i < 5_000; i += 1) expect(guests.take('school')).toBe(0);
});
