import { parse, serialize } from 'hono/utils/cookie';
import { SESSION_DAYS } from '../auth/identity.ts';

const COOKIE = 'roomscribe_session';

/** Reads the token of a request from `Authorization: Bearer`, else from the session cookie. */
export function tokenOf(headers: { authorization?: string | undefined; cookie?: string | undefined }) {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? parse(headers.cookie ?? '', COOKIE)[COOKIE];
}

/** Makes the `Set-Cookie` header of a session. Scripts cannot read the cookie, and foreign pages cannot make a browser send it. */
export function sessionCookie(token: string, secure: boolean): string {
  return serialize(COOKIE, token, {
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    path: '/',
    maxAge: SESSION_DAYS * 24 * 60 * 60,
  });
}
