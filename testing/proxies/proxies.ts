import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { rootCertificates, setDefaultCACertificates } from 'node:tls';
import { SELF_SIGNED } from '../../server/transcriber/testing/transcribe/selfSigned.ts';
import { type Daemon, startDaemon } from '../daemon.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/proxies.md');
/** The name in the certificate, and in the URL of each proxy. */
const HOST = 'localhost';

/** The proxies of `docs/proxies.md`, each with the text that the page shows. */
export const PROXIES = ['nginx', 'nginx with TLS and HTTP/2', 'HAProxy', 'Caddy'] as const;
export type ProxyName = (typeof PROXIES)[number];

export type RunningProxy = Daemon & {
  /** The address that people use. Those with https have a self-signed certificate: see `SELF_SIGNED`. */
  url: string;
};

type ProxySpec = {
  program: string;
  scheme: 'http' | 'https';
  command: (directory: string, port: number) => string[];
  /** Writes the files of the proxy. The configurations are the page's, for these servers and this port. */
  write: (directory: string, port: number, servers: string[]) => void;
};

const nginx = (names: string[], scheme: 'http' | 'https'): ProxySpec => ({
  program: '/usr/sbin/nginx',
  scheme,
  command: (directory) => ['/usr/sbin/nginx', '-p', directory, '-c', join(directory, 'nginx.conf')],
  write(directory, port, servers) {
    const site = names
      .map(configurationOf)
      .map(outsideOf(/^server \{/m))
      .join('\n');
    const server = insideOf(/^server \{/m)(configurationOf(names.at(-1) as string));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const lines = [
      ...['daemon off;', 'pid nginx.pid;', 'error_log stderr warn;', 'master_process off;'],
      ...['events { worker_connections 4096; }', 'http {', 'access_log off;'],
      ...temporary.map((name) => `${name}_temp_path ${directory}/${name};`),
      ...[site, server, '}'],
    ];
    const upstream = servers.map((address) => `server ${address};`).join('\n  ');
    const text = lines
      .join('\n')
      .replace('server 127.0.0.1:3000;', upstream)
      .replace(/listen (80|443)/, `listen 127.0.0.1:${port}`);
    writeFileSync(join(directory, 'nginx.conf'), withNames(text, directory));
  },
});

const SPECS: Record<ProxyName, ProxySpec> = {
  nginx: nginx(['nginx'], 'http'),
  'nginx with TLS and HTTP/2': nginx(['nginx', 'nginx with TLS and HTTP/2'], 'https'),
  HAProxy: {
    program: '/usr/sbin/haproxy',
    scheme: 'https',
    command: (directory) => ['/usr/sbin/haproxy', '-q', '-db', '-f', join(directory, 'haproxy.cfg')],
    write(directory, port, servers) {
      const lines = servers.map((address, i) => `  server s${i} ${address} check inter 2s`);
      const text = configurationOf('HAProxy')
        .replace(/^ +server one .*$/m, lines.join('\n'))
        .replace('bind :443', `bind 127.0.0.1:${port}`);
      writeFileSync(join(directory, 'haproxy.cfg'), withNames(text, directory));
    },
  },
  Caddy: {
    program: '/usr/bin/caddy',
    scheme: 'https',
    command: (directory) => [
      ...['/usr/bin/caddy', 'run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')],
    ],
    write(directory, port, servers) {
      const text = configurationOf('Caddy')
        .replace(
          'chat.example.org {',
          `https://${HOST}:${port} {\n  bind 127.0.0.1\n  tls ${certificateIn(directory)}`,
        )
        .replace('127.0.0.1:3000', servers.join(' '));
      // No administration port, and no certificate authority: the test brings the certificate.
      const options = `{\n  admin off\n  auto_https off\n  storage file_system ${directory}\n}\n`;
      writeFileSync(join(directory, 'Caddyfile'), options + text);
    },
  },
};

/** The programs that are missing on this machine. */
export function missingProxies(): string[] {
  return [...new Set(Object.values(SPECS).map(({ program }) => program))].filter((path) => !existsSync(path));
}

/**
 * Starts a proxy of `docs/proxies.md` before these servers, and makes this process trust its certificate.
 * @param serverUrls e.g. `http://localhost:40123`
 */
export async function startProxy(name: ProxyName, serverUrls: string[]): Promise<RunningProxy> {
  const { command, scheme, write } = SPECS[name];
  setDefaultCACertificates([...rootCertificates, SELF_SIGNED.cert]);
  const servers = serverUrls.map((url) => `127.0.0.1:${new URL(url).port}`);
  const daemon = await startDaemon({
    name: 'proxy',
    command(directory, port) {
      const { cert, key } = SELF_SIGNED;
      writeFileSync(join(directory, 'chat.pem'), cert);
      writeFileSync(join(directory, 'chat.key'), key);
      writeFileSync(join(directory, 'both.pem'), `${cert}\n${key}`);
      write(directory, port, servers);
      return command(directory, port);
    },
    ping,
  });
  return { ...daemon, url: `${scheme}://${HOST}:${daemon.port}` };
}

/** The configuration below a heading of the page. */
function configurationOf(heading: string): string {
  const [, after] = readFileSync(DOCUMENT, 'utf8').split(`\n## ${heading}\n`);
  const [, text] = /```\w+\n([\s\S]*?)```/.exec(after ?? '') ?? [];
  if (text === undefined) throw new Error(`docs/proxies.md has no configuration below “${heading}”.`);
  return text;
}

const outsideOf = (start: RegExp) => (text: string) => text.slice(0, text.search(start));
const insideOf = (start: RegExp) => (text: string) => text.slice(text.search(start));

function certificateIn(directory: string): string {
  return `${directory}/chat.pem ${directory}/chat.key`;
}

/** Puts the names of this machine in the place of the page's. HAProxy reads the certificate and the key from one file. */
function withNames(text: string, directory: string): string {
  return text
    .replace('crt /etc/ssl/chat.example.org.pem', `crt ${directory}/both.pem`)
    .replace('/etc/ssl/chat.example.org.pem', `${directory}/chat.pem`)
    .replace('/etc/ssl/chat.example.org.key', `${directory}/chat.key`)
    .replaceAll('chat.example.org', HOST);
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
