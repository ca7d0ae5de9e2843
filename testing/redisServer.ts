import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { type Daemon, startDaemon } from './daemon.ts';

const PROGRAMS = ['/usr/bin/valkey-server', '/usr/bin/redis-server'];

/** @returns the path of Valkey or Redis on this machine; undefined if neither is installed. */
export function findRedis(): string | undefined {
  return PROGRAMS.find((path) => existsSync(path));
}

/** Starts a Valkey or Redis of our own. It keeps nothing on disk. @param more further options of the program. */
export function startRedis(more: string[] = []): Promise<Daemon & { url: string }> {
  const program = findRedis();
  if (!program)
    throw new Error('Neither Valkey nor Redis is installed. `npm test` installs one or explains how.');
  const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  return startDaemon({
    name: 'redis',
    command: (directory, port) => [program, ...options, ...more, '--port', `${port}`, '--dir', directory],
    ping,
  }).then((daemon) => ({ ...daemon, url: `redis://127.0.0.1:${daemon.port}` }));
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy(new Error('Redis did not answer within 1 s.')));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}
