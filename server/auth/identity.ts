import { randomUUIDv7 } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { User } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';

export type Session = { token: string; user: User };

export type Identity = {
  /** A new person with nothing but a name, and the token that proves it is them. */
  guest: (name: string) => Promise<Session>;
  /**
   * Who this token belongs to; null for none, a forged one, an expired one, or one of a user who is gone. Every kind
   * of user comes in through here.
   */
  identify: (token: string | undefined) => Promise<User | null>;
};

export const SESSION_DAYS = 365;

const ISSUER = 'roomscribe';

/** @param secret at least 32 bytes; whoever has it can be anybody. */
export function createIdentity(store: Pick<Store, 'addUser' | 'findUser'>, secret: string): Identity {
  const key = new TextEncoder().encode(secret);

  return {
    async guest(name) {
      const user: User = { id: randomUUIDv7(), name, kind: 'guest' };
      await store.addUser(user, new Date());
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setSubject(user.id)
        .setIssuedAt()
        .setExpirationTime(`${SESSION_DAYS}d`)
        .sign(key);
      return { token, user };
    },

    async identify(token) {
      if (!token) return null;
      const verified = await jwtVerify(token, key, { algorithms: ['HS256'], issuer: ISSUER }).catch(
        () => null,
      );
      const userId = verified?.payload.sub;
      return userId ? store.findUser(userId) : null;
    },
  };
}
