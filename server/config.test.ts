import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

const problem = (env: NodeJS.ProcessEnv) => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('PUBLIC_URL and ALLOWED_ORIGINS', () => {
  test.each([
    ['https://chat.example.org', 'https://chat.example.org'],
    ['https://chat.example.org/', 'https://chat.example.org'],
    [' HTTP://Chat.lan:8080 ', 'http://chat.lan:8080'],
    ['https://chat.example.org:443', 'https://chat.example.org'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('%j is %s', (text, origin) => {
    expect(readConfig({ PUBLIC_URL: text }).publicUrl).toBe(origin);
    expect(readConfig({ ALLOWED_ORIGINS: `${text},` }).allowedOrigins).toEqual([origin]);
  });

  test.each([
    'https://example.org/chat',
    'https://example.org/chat/',
    'https://example.org//',
    'https://example.org?a=b',
    'https://example.org/?',
    'https://example.org#x',
    'https://ada:secret@example.org',
    'https://ada@example.org',
    'ftp://example.org',
    'example.org',
    '//example.org',
    'https://',
    'https://exa mple.org',
    'https://example.org:99999',
    'https://*.example.org',
    '*',
  ])('%j is refused by name', (text) => {
    expect(problem({ PUBLIC_URL: text })).toMatch(/^PUBLIC_URL must be/);
    expect(problem({ ALLOWED_ORIGINS: text })).toMatch(/^ALLOWED_ORIGINS must be/);
    expect(problem({ PUBLIC_URL: text })).not.toContain('secret@');
  });
});

test('an empty variable counts as not set, whichever it is', () => {
  const names = [
    ...['NODE_ENV', 'PORT', 'HOST', 'PUBLIC_URL', 'ALLOWED_ORIGINS', 'TRUSTED_PROXIES', 'DATABASE_URL'],
    ...['REDIS_URL', 'SPEECH_ENGINE', 'SPEECH_FALLBACK', 'SPEECH_STREAMS', 'SPEECH_GATE'],
    ...['SPEECH_DAILY_MINUTES', 'AUTH_SECRET', 'METRICS_TOKEN', 'LOG_LEVEL', 'DRAIN_SECONDS', 'RATE_LIMITS'],
    'HSTS_SUBDOMAINS',
  ];
  for (const empty of ['', ' ', '\t\n']) {
    expect(readConfig(Object.fromEntries(names.map((name) => [name, empty])))).toEqual(readConfig({}));
  }
  expect(problem({ NODE_ENV: 'production', AUTH_SECRET: '' })).toMatch(/^AUTH_SECRET is required/);
});

describe('a number', () => {
  test.each(['0x10', '1e3', '3000.5', '-1', '+1', '65536', 'many', '3 000', '٣'])('%j is no port', (PORT) => {
    expect(problem({ PORT })).toMatch(/^PORT /);
  });
  test.each(['1e3', '-1', '3601', 'Infinity', '0x5', '.5', '5.'])(
    '%j is no time to drain',
    (DRAIN_SECONDS) => {
      expect(problem({ DRAIN_SECONDS })).toMatch(/^DRAIN_SECONDS /);
    },
  );
  test('may have blanks around it, and seconds may have decimals', () => {
    expect(readConfig({ PORT: ' 8080 ', DRAIN_SECONDS: '0.5' })).toMatchObject({ port: 8_080, drainMs: 500 });
  });
});

test.each([
  ['PORT', '70000', 'must be a whole number from 0 to 65535'],
  ['SPEECH_STREAMS', '0', 'must be a whole number from 1 to 1000'],
  ['DRAIN_SECONDS', '3601', 'must be a number from 0 to 3600'],
  ['SPEECH_DAILY_MINUTES', '0', 'must be a number above 0'],
  ['SPEECH_ENGINE', 'AWS', 'must be one of auto, aws, sherpa, pocketsphinx, off'],
  ['LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error, silent'],
  ['HOST', '127.0.0.1:3000', 'must be a name or an address without a port, such as 0.0.0.0 or ::1'],
  ['HOST', 'http://localhost', 'must be a name or an address without a port, such as 0.0.0.0 or ::1'],
])('%s=%s is refused in words that say what may stand there', (name, value, words) => {
  expect(problem({ [name]: value })).toBe(`${name} ${words}`);
});

test('blanks around NODE_ENV do not turn production off', () => {
  expect(problem({ NODE_ENV: ' production' })).toMatch(/^AUTH_SECRET is required/);
});

test('an IPv6 address may stand in brackets', () => {
  expect(readConfig({ HOST: '[::1]' }).host).toBe('::1');
  expect(readConfig({ HOST: '::1' }).host).toBe('::1');
});

test.each(['proxy', '10.0.0.0/33', '-1'])('TRUSTED_PROXIES=%s is refused by name', (TRUSTED_PROXIES) => {
  expect(problem({ TRUSTED_PROXIES })).toMatch(/^TRUSTED_PROXIES must be/);
});
