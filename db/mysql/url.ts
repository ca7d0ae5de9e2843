import { readFileSync } from 'node:fs';

export type MysqlAddress = {
  /** A name or an address; an IPv6 address without brackets. */
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** TLS with these authorities, or with Node's default ones; null for a plain connection. */
  tls: { ca: string | undefined } | null;
};

const OPTIONS = ['tls', 'ssl', 'ca'];

/**
 * @param url `mysql://USER:PASSWORD@HOST:PORT/DATABASE`. `?tls=true` or `?ssl=true` asks for TLS. `?ca=PATH` asks for TLS
 *   with these authorities' certificates, such as the bundle that Amazon publishes for RDS.
 * @throws Error. Its message does not quote the URL, which contains a password.
 */
export function readMysqlUrl(url: string): MysqlAddress {
  const parsed = URL.parse(url);
  const database = parsed?.pathname.slice(1);
  const isWhole = parsed?.protocol === 'mysql:' && parsed.hostname && database && !database.includes('/');
  if (!isWhole || parsed.port === '0' || parsed.hash) {
    throw new Error(
      'DATABASE_URL must be mysql://USER:PASSWORD@HOST:PORT/DATABASE. ' +
        'Characters such as @ : / ? # % in the password must be percent-encoded.',
    );
  }
  return {
    host: decode(parsed.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: Number(parsed.port || 3_306),
    user: decode(parsed.username),
    password: decode(parsed.password),
    database: decode(database),
    tls: readTls(parsed.searchParams),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('DATABASE_URL must be percent-encoded: write %25 for a percent sign in the password.');
  }
}

function readTls(options: URLSearchParams): MysqlAddress['tls'] {
  const unknown = [...options.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `DATABASE_URL has an unknown option “${unknown}”. The options are ${OPTIONS.join(', ')}.`,
    );
  }
  const switches = ['tls', 'ssl'].flatMap((name) => options.getAll(name));
  if (switches.some((value) => value !== 'true' && value !== 'false') || new Set(switches).size > 1) {
    throw new Error('DATABASE_URL has the option tls (or ssl), which must be true or false.');
  }
  const caPath = options.get('ca');
  if (caPath !== null && switches.includes('false')) {
    throw new Error('DATABASE_URL has the option ca, but its option tls (or ssl) turns TLS off.');
  }
  if (caPath !== null) return { ca: readCertificates(caPath) };
  return switches.includes('true') ? { ca: undefined } : null;
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error('DATABASE_URL has the option ca, but its file cannot be read.', { cause });
  }
}
