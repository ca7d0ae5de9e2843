import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

test.each(['/', '/api/rooms', '/trpc/session.me', '/healthz', '/assets/none.js'])(
  '%s says what pages may do',
  async (path) => {
    const { headers } = await fetch(server.url + path);
    const policy = new Map(
      headers
        .get('content-security-policy')
        ?.split(';')
        .map((directive) => directive.trim().split(' '))
        .map(([name, ...sources]) => [name, sources.join(' ')]),
    );
    const { host } = new URL(server.url);
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'self'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'connect-src': `'self' ws://${host} wss://${host}`,
      'worker-src': "'self'",
      'object-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
    expect(headers.get('permissions-policy')).toMatch(/\bmicrophone=\(self\)/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toBeNull();
  },
);

test.each([
  [false, 'max-age=15552000'],
  [true, 'max-age=15552000; includeSubDomains'],
])('HSTS speaks for subdomains only if the operator asks: %s', async (hstsSubdomains, expected) => {
  await using secure = await openServer({ publicUrl: 'https://chat.example.org', hstsSubdomains });
  const { headers } = await fetch(`${secure.url}/`);
  expect(headers.get('strict-transport-security')).toBe(expected);
});
