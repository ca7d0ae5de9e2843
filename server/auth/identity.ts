import { randomUUIDv7 } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { AppError } from '../../contract/errors.ts';
import { ID } from '../../contract/inputs.ts';
import type { User } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { TokenBuckets } from '../flow/tokenBuckets.ts';

export type Session = { token: string; user: User };

export type Identity = {
  /**
   * Creates a guest. The token proves who the guest is.
   * @param address bounds the guests that one caller makes, because each of them stays in the database.
   * @throws AppError TOO_MANY_REQUESTS `too_many_guests` (retryable)
   */
  guest: (name: string, address: string) => Promise<Session>;
  /**
   * Finds the user of a token. Every kind of user is identified here.
   * @returns null if there is no token, if it is forged or expired, or if its user no longer exists.
   */
  identify: (token: string | undefined) => Promise<User | null>;
};

export const SESSION_DAYS = 365;

const ISSUER = 'roomscribe';

/** A school of 5,000 behind one address may enter twice within a minute. A flood adds 170,000 rows a day at most. */
export const GUESTS = { capacity: 10_000, refillPerSecond: 2 };

/**
 * Sessions are JSON Web Tokens (RFC 7519), signed with HS256.
 * @param secret at least 32 bytes. A person who knows it can make tokens for any user.
 * @param guests bounds the guests of an address. Left out: nothing does.
 */
export function createIdentity(
  store: Pick<Store, 'addUser' | 'findUser'>,
  secret: string,
  guests?: Pick<TokenBuckets, 'take'>,
): Identity {
  // Imported once. A library that gets the bytes imports them for every token.
  const key = crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  );

  return {
    async guest(name, address) {
      const retryAfterMs = guests?.take(address) ?? 0;
      if (retryAfterMs > 0) throw tooManyGuests(retryAfterMs);
      const user: User = { id: randomUUIDv7(), name, kind: 'guest' };
      await store.addUser(user, new Date());
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setSubject(user.id)
        .setIssuedAt()
        .setExpirationTime(`${SESSION_DAYS}d`)
        .sign(await key);
      return { token, user };
    },

    async identify(token) {
      if (!token) return null;
      const verified = await jwtVerify(token, await key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        // A token without an end would be good for ever.
        requiredClaims: ['exp', 'sub'],
      }).catch(() => null);
      const userId = verified?.payload.sub;
      return userId && ID.test(userId) ? store.findUser(userId) : null;
    },
  };
}

function tooManyGuests(retryAfterMs: number): AppError {
  const message = 'Too many guests came from your address. Try again in a moment.';
  return new AppError('TOO_MANY_REQUESTS', 'too_many_guests', message, { retryable: true, retryAfterMs });
}
