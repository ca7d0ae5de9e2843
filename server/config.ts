import { isIP } from 'node:net';
import { z } from 'zod';
import { weaknessOf } from './auth/secret.ts';
import { parseTrustedProxies, type TrustedProxies } from './trustedProxies.ts';

/** A number with an error that names the bounds. */
const numberLike = (form: RegExp, check: (value: number) => boolean, error: string) =>
  z
    .string()
    .trim()
    .refine((text) => form.test(text) && check(Number(text)), error)
    .transform(Number);
const whole = (min: number, max: number) =>
  numberLike(
    /^\d+$/,
    (value) => value >= min && value <= max,
    `must be a whole number from ${min} to ${max}`,
  );
const DECIMAL = /^\d+(\.\d+)?$/;

const oneOf = <const T extends string[]>(...names: T) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });

/** An origin has no path: the page and its cookie are made for the root of a host. @returns its normal form */
const originLike = (error: string) =>
  z
    .string()
    .trim()
    .refine((text) => /^https?:\/\/[^/?#@\\\s*,]+\/?$/i.test(text) && URL.canParse(text), error)
    .transform((text) => new URL(text).origin);

const schema = z
  .object({
    NODE_ENV: z.string().trim().default('development'),
    PORT: whole(0, 65_535).default(3_000),
    HOST: z
      .string()
      .trim()
      .transform((host) => host.replace(/^\[(.+)\]$/, '$1'))
      .refine(
        (host) => isIP(host) !== 0 || /^[\w.-]+$/.test(host),
        'must be a name or an address without a port, such as 0.0.0.0 or ::1',
      )
      .optional(),
    PUBLIC_URL: originLike(
      'must be an http(s) address without a path, a query or a password, such as https://chat.example.org',
    ).optional(),
    ALLOWED_ORIGINS: z
      .string()
      .default('')
      .transform((list) =>
        list
          .split(',')
          .map((origin) => origin.trim())
          .filter(Boolean),
      )
      .pipe(
        z.array(
          originLike(
            'must be a list of origins without paths or wildcards, such as https://example.org, https://example.com',
          ),
        ),
      ),
    TRUSTED_PROXIES: z
      .string()
      .default('')
      .transform(parseTrustedProxies)
      .refine(
        (trusted) => trusted !== null,
        'must be a number of hops, or addresses and networks such as 10.0.0.0/8, separated by commas',
      ),
    DATABASE_URL: z
      .string()
      .regex(/^(sqlite:.+|mysql:\/\/.+)/, 'must be sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE')
      .default('sqlite:data/roomscribe.sqlite'),
    REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be redis://HOST:PORT' }).optional(),
    SPEECH_ENGINE: oneOf('auto', 'aws', 'sherpa', 'pocketsphinx', 'off').default('auto'),
    SPEECH_FALLBACK: oneOf('aws', 'sherpa', 'pocketsphinx', 'off').default('off'),
    SPEECH_STREAMS: whole(1, 1_000).optional(),
    SPEECH_GATE: oneOf('on', 'off').default('on'),
    SPEECH_DAILY_MINUTES: numberLike(DECIMAL, (value) => value > 0, 'must be a number above 0').optional(),
    AUTH_SECRET: z
      .string()
      .superRefine((secret, { addIssue }) => {
        const weakness = weaknessOf(secret);
        if (weakness) addIssue(weakness);
      })
      .optional(),
    HSTS_SUBDOMAINS: oneOf('on', 'off').default('off'),
    METRICS_TOKEN: z
      .string()
      .regex(/^\S{16,}$/, 'must be at least 16 characters without blanks')
      .optional(),
    LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
    DRAIN_SECONDS: numberLike(DECIMAL, (value) => value <= 3_600, 'must be a number from 0 to 3600').default(
      10,
    ),
    RATE_LIMITS: oneOf('on', 'off').default('on'),
  })
  .refine((env) => env.NODE_ENV !== 'production' || env.AUTH_SECRET, {
    path: ['AUTH_SECRET'],
    // Checked even if another variable is bad, so that all problems are reported together.
    when: () => true,
    error:
      'is required in production, because it signs the sessions of all users. Make one with `openssl rand -base64 32`',
  })
  .refine((env) => env.NODE_ENV !== 'production' || env.RATE_LIMITS === 'on', {
    path: ['RATE_LIMITS'],
    when: () => true,
    error: 'cannot be off in production. It is for tests and benchmarks',
  });

export type Config = {
  port: number;
  host: string;
  publicUrl: string | undefined;
  /** Origins that may open sockets and send cookies, besides our own host. */
  allowedOrigins: string[];
  /** The proxies whose `X-Forwarded-…` headers count. */
  trustedProxies: TrustedProxies;
  databaseUrl: string;
  /** undefined for a single process, whose bus is in memory. */
  redisUrl: string | undefined;
  speechEngine: 'auto' | 'aws' | 'sherpa' | 'pocketsphinx' | 'off';
  /** The engine that takes over while the first engine is away. */
  speechFallback: 'aws' | 'sherpa' | 'pocketsphinx' | 'off';
  /** How many engine calls may run at a time; undefined for the engine's default. */
  speechStreams: number | undefined;
  /** Whether silence is left out of what engines get. */
  speechGate: boolean;
  /** Minutes of speech per room and day; null for no limit. */
  speechDailyMinutes: number | null;
  /** undefined in development: then the server makes a secret and keeps it in a file. */
  authSecret: string | undefined;
  /** Whether browsers must use https for every subdomain too. */
  hstsSubdomains: boolean;
  /** Lets a caller who is not on this machine read `/metrics`. */
  metricsToken: string | undefined;
  logLevel: string;
  drainMs: number;
  /** Whether counts per time are limited. Bounds on memory and work always hold. */
  rateLimits: boolean;
};

/**
 * Removes the variables that are empty. Tools that start containers pass on a variable that is not set as an empty one.
 */
export function dropEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  for (const [name, value] of Object.entries(env)) if (value?.trim() === '') delete env[name];
  return env;
}

/**
 * Reads the environment. An empty variable counts as not set.
 * @throws ConfigError that names all bad variables, one a line.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(dropEmpty({ ...env }));
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path[0]?.toString()} ${issue.message}`),
    );
  }
  const { data } = parsed;
  const production = data.NODE_ENV === 'production';
  return {
    port: data.PORT,
    host: data.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    publicUrl: data.PUBLIC_URL,
    allowedOrigins: data.ALLOWED_ORIGINS,
    trustedProxies: data.TRUSTED_PROXIES ?? 0,
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    speechEngine: data.SPEECH_ENGINE,
    speechFallback: data.SPEECH_FALLBACK,
    speechStreams: data.SPEECH_STREAMS,
    speechGate: data.SPEECH_GATE === 'on',
    speechDailyMinutes: data.SPEECH_DAILY_MINUTES ?? null,
    authSecret: data.AUTH_SECRET,
    hstsSubdomains: data.HSTS_SUBDOMAINS === 'on',
    metricsToken: data.METRICS_TOKEN,
    logLevel: data.LOG_LEVEL,
    drainMs: data.DRAIN_SECONDS * 1_000,
    rateLimits: data.RATE_LIMITS === 'on',
  };
}

export class ConfigError extends Error {
  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}
