import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariadb } from '../../testing/mysqlServers.ts';
import { startRedis } from '../../testing/redisServer.ts';
import { START_FLAGS } from '../startFlags.ts';
import { ask, CORES, startPinned, stopPinned } from './pinned.ts';
import type { Usage } from './probe.ts';
import type { Seat, WireName } from './wires.ts';

/** A measured server, with its database and bus. */
export type Stack = {
  port: number;
  wire: WireName;
  /** Creates the members of one new room. */
  seats: (count: number) => Promise<Seat[]>;
  /** Processor time so far in ms, of all threads. */
  cpuMs: () => Promise<number>;
  /** Resident memory after a garbage collection. */
  memoryBytes: () => Promise<number>;
  /** Stops the server and starts it again on the same data. Only Roomscribe has this. */
  restart?: () => Promise<void>;
  stop: () => Promise<void>;
};

export type StackName =
  | 'ws'
  | 'Socket.IO'
  | 'Roomscribe, SQLite'
  | 'Roomscribe, SQLite, Redis'
  | 'Roomscribe, MariaDB'
  | 'Roomscribe, MariaDB, Redis';

const PROBE = new URL('./probe.ts', import.meta.url).href;
const here = (name: string) => new URL(name, import.meta.url).pathname;
const anonymousSeats = async (count: number) =>
  Array.from({ length: count }, () => ({ token: '', roomId: '' }));

export async function startStack(name: StackName): Promise<Stack> {
  if (name === 'ws') return startTheirs('wsServer.ts', 'ws');
  if (name === 'Socket.IO') return startTheirs('socketioServer.ts', 'socketio');
  const database = name.includes('MariaDB') ? await openMariadb() : openSqlite();
  const redis = name.includes('Redis') ? await startRedis() : undefined;
  const env = { DATABASE_URL: database.url, ...(redis && { REDIS_URL: redis.url }) };
  let current = await startOurs(env);
  const { port, wire, seats } = current;
  return {
    ...{ port, wire, seats },
    cpuMs: () => current.cpuMs(),
    memoryBytes: () => current.memoryBytes(),
    async restart() {
      await current.stop();
      current = await startOurs({ ...env, PORT: String(port) });
    },
    async stop() {
      await current.stop();
      await redis?.[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

function openSqlite() {
  const directory = mkdtempSync(join(tmpdir(), 'roomscribe-fanout-'));
  const close = async () => rmSync(directory, { recursive: true, force: true });
  return { url: `sqlite:${join(directory, 'rooms.sqlite')}`, close };
}

async function openMariadb() {
  const server = await startMariadb();
  return { url: await server.database(), close: () => server[Symbol.asyncDispose]() };
}

async function startTheirs(file: string, wire: WireName): Promise<Stack> {
  const child = startPinned(CORES.server, ['--import', PROBE, here(file)]);
  const port = await portOf(child, /^port (\d+)$/m);
  return { ...measured(child), port, wire, seats: anonymousSeats };
}

async function startOurs(env: NodeJS.ProcessEnv): Promise<Stack> {
  const child = startPinned(CORES.server, [...START_FLAGS, '--import', PROBE, here('../../server/main.ts')], {
    ...{ NODE_ENV: 'development', PORT: '0', LOG_LEVEL: 'error', SPEECH_ENGINE: 'off' },
    ...env,
  });
  const port = await portOf(child, /^Roomscribe +\S+:(\d+)$/m);
  return { ...measured(child), port, wire: 'trpc', seats: (count) => members(port, count) };
}

function measured(child: ChildProcess) {
  return {
    cpuMs: async () => (await ask<Usage>(child, 'cpu')).cpuMs,
    memoryBytes: async () => (await ask<Usage>(child, 'memory')).memoryBytes,
    stop: () => stopPinned(child),
  };
}

function portOf(child: ChildProcess, pattern: RegExp): Promise<number> {
  let text = '';
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.stdout?.on('data', (part: Buffer) => {
    text += part.toString();
    const [, port] = pattern.exec(text) ?? [];
    if (port) resolve(Number(port));
  });
  child.once('exit', (code) =>
    reject(new Error(`The server ended with code ${code} before it listened. It printed: ${text}`)),
  );
  return promise;
}

/** Creates `count` guests, all members of one new room. */
async function members(port: number, count: number): Promise<Seat[]> {
  const call = async (path: string, input: object, token?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return ((await response.json()) as { result: { data: { id: string; token: string } } }).result.data;
  };
  const owner = await call('session.guest', { name: 'Owner' });
  const { id: roomId } = await call('rooms.create', { name: 'Hall' }, owner.token);
  const seats: Seat[] = [];
  const fill = async () => {
    while (seats.length < count) {
      const seat = { token: '', roomId };
      const i = seats.push(seat);
      seat.token = (await call('session.guest', { name: `Person ${i}` })).token;
      await call('rooms.join', { roomId }, seat.token);
    }
  };
  await Promise.all(Array.from({ length: 16 }, fill));
  return seats;
}
