import { parse, serialize } from 'hono/utils/cookie';
import { SESSION_DAYS } from '../auth/identity.ts';

const COOKIE = 'roomscribe_session';
/** Browsers take a cookie with this prefix only over https from this very host, so no other host of its domain can set it. */
const SECURE_COOKIE = `__Host-${COOKIE}`;

/** Reads the token of a request from `Authorization: Bearer`, else from the session cookie. */
export function tokenOf(headers: { authorization?: string | undefined; cookie?: string | undefined }) {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? cookieOf(headers.cookie ?? '');
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

/** Makes the `Set-Cookie` header of a session. Scripts cannot read the cookie, and foreign pages cannot make a browser send it. */
export function sessionCookie(token: string, secure: boolean): string {
  return serialize(secure ? SECURE_COOKIE : COOKIE, token, {
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    path: '/',
    maxAge: SESSION_DAYS * 24 * 60 * 60,
  });
}
