import { parse, serialize } from 'hono/utils/cookie';
import { SESSION_DAYS } from '../auth/identity.ts';

const COOKIE = 'roomscribe_session';
/** Browsers take a cookie with this prefix only over https and from this very host, so no neighbour can set it. */
const SECURE_COOKIE = `__Host-${COOKIE}`;

/** Reads the token of a request from `Authorization: Bearer`, else from the session cookie. */
export function tokenOf(headers: { authorization?: string | undefined; cookie?: string | undefined }) {
  return bearerOf(headers) ?? cookieOf(headers.cookie ?? '');
}

/** Reads the token of `Authorization: Bearer` (RFC 6750, section 2.1). */
export function bearerOf({ authorization = '' }: { authorization?: string | undefined }): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

/** Somebody who can set cookies for our host may add a session of their own. Of two sessions, none counts. */
function cookieOf(header: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim());
  for (const name of [SECURE_COOKIE, COOKIE]) {
    const found = pairs.filter((pair) => pair.startsWith(`${name}=`));
    if (found.length > 1) return undefined;
    if (found.length === 1) return parse(found[0] ?? '', name)[name];
  }
  return undefined;
}

/** Makes the `Set-Cookie` header of a session. Scripts cannot read the cookie, and foreign pages cannot send it. */
export function sessionCookie(token: string, secure: boolean): string {
  return serialize(secure ? SECURE_COOKIE : COOKIE, token, {
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    path: '/',
    maxAge: SESSION_DAYS * 24 * 60 * 60,
  });
}
