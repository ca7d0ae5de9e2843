import { parse, serialize } from 'hono/utils/cookie';
import { SESSION_DAYS } from '../auth/identity.ts';

const COOKIE = 'roomscribe_session';

/** The token of a request: `Authorization: Bearer`, or the session cookie. */
export function tokenOf(headers: { authorization?: string | undefined; cookie?: string | undefined }) {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? parse(headers.cookie ?? '', COOKIE)[COOKIE];
}

/** The `Set-Cookie` of a session. Scripts cannot read it, and foreign pages cannot make a browser send it along. */
export function sessionCookie(token: string, secure: boolean): string {
  return serialize(COOKIE, token, {
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    path: '/',
    maxAge: SESSION_DAYS * 24 * 60 * 60,
  });
}
