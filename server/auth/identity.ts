import { randomUUIDv7 } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { User } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';

export type Session = { token: string; user: User };

export type Identity = {
  /** Creates a guest. The token proves who the guest is. */
  guest: (name: string) => Promise<Session>;
  /**
   * Finds the user of a token. Every kind of user is identified here.
   * @returns null if there is no token, if it is forged or expired, or if its user no longer exists.
   */
  identify: (token: string | undefined) => Promise<User | null>;
};

export const SESSION_DAYS = 365;

const ISSUER = 'roomscribe';

/**
 * Sessions are JSON Web Tokens (RFC 7519), signed with HS256.
 * @param secret at least 32 bytes. A person who knows it can make tokens for any user.
 */
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
