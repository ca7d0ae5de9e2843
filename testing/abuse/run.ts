import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startTranscribeProcess } from '../../bench/transcribeProcess.ts';
import { upTo } from '../../db/testing/material.ts';
import { httpClient } from '../clients.ts';
import { type ServerProcess, startServerProcess } from '../serverProcess.ts';
import type { Attack } from './attack.ts';
import type { AttackSetting, AttackState } from './attacker.ts';
import { Child, prefer } from './child.ts';
import type { CrowdReport, CrowdSetting } from './crowd.ts';
import type { FilledDatabase } from './database.ts';
import type { HonestReport, HonestSetting } from './honest.ts';

export type Scene = {
  app: string;
  database: FilledDatabase;
  /** How long an attack is measured, and how long people send before it, so that code, caches and pools are warm. */
  seconds: number;
  warmUpSeconds: number;
};

/** The waits of the others, and the memory of the server, in MiB of resident memory. */
export type Result = {
  sends: number[];
  failed: number;
  before: number;
  /** The most that was seen while the attack ran, garbage included. */
  peak: number;
  /** While the attack still runs, after a garbage collection. */
  held: number;
  /** Some time after the attack, after a garbage collection. */
  after: number;
};

const SECRET = 'a secret of at least 32 characters, for the abuse suite';
const SETTLE_MS = 1_000;
const COLLECT_MS = 15_000;

/**
 * V8 gives a busy server a larger young generation, whoever makes it busy. Here it has one size from the beginning, so that
 * its growth is not taken for memory of the attacker.
 */
const V8_OPTIONS = ['--min-semi-space-size=16', '--max-semi-space-size=16', '--expose-gc'];

const ENVIRONMENT = {
  // A thread of the server takes its options from here only.
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'collect.ts'))}`,
  // Without these, glibc keeps up to 64 MB of what was freed for later, and raises that while a program runs.
  ...{ MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' },
};

/** Runs one attack against a server of its own. @param attack undefined for a quiet server. */
export async function runAttack(
  scene: Scene,
  attack: Attack | undefined,
): Promise<Result | { cannotRun: string }> {
  await using stack = new AsyncDisposableStack();
  const server = await startServer(scene, attack?.needsSpeech ?? false, stack);
  const honest = new Child<HonestReport>('honest.ts', { url: server.url } satisfies HonestSetting);
  stack.defer(() => honest.end());
  const { busyRoomId } = await honest.next();
  prefer(honest);
  await Promise.all([warmUp(server.url, scene.database), sleep(scene.warmUpSeconds * 1_000)]);
  const before = await collectedMiB(server);
  await sleep(SETTLE_MS);
  await honest.ask();
  const { longRoomId, largeRoomId } = scene.database;
  const attacker =
    attack &&
    new Child<AttackState>('attacker.ts', {
      ...{ url: server.url, name: attack.name, longRoomId, largeRoomId, busyRoomId },
      // It outlives the measurement, because its memory is measured while it holds it.
      forMs: scene.seconds * 1_000 + COLLECT_MS,
    } satisfies AttackSetting);
  stack.defer(async () => attacker?.end());
  const state = await attacker?.next();
  if (typeof state === 'object') return state;
  const peak = await highestMiB(server, scene.seconds * 1_000);
  const felt = await honest.ask();
  const held = await collectedMiB(server);
  await attacker?.end();
  await sleep(SETTLE_MS);
  return { ...felt, before, peak, held, after: await collectedMiB(server) };
}

/** Runs the check that many honest sockets at one address are served. */
export async function runCrowd(scene: Scene, sockets: number): Promise<CrowdReport> {
  await using stack = new AsyncDisposableStack();
  const server = await startServer(scene, false, stack);
  const crowd = new Child<CrowdReport>('crowd.ts', { url: server.url, sockets } satisfies CrowdSetting);
  stack.defer(() => crowd.end());
  // The processes live until the answer has come.
  return await crowd.next();
}

async function startServer(
  { app, database }: Scene,
  needsSpeech: boolean,
  stack: AsyncDisposableStack,
): Promise<ServerProcess> {
  const speech = needsSpeech ? await startTranscribeProcess(undefined, 'none') : undefined;
  if (speech) stack.defer(() => speech.stop());
  const server = await startServerProcess(
    {
      ...{ DATABASE_URL: database.url, AUTH_SECRET: SECRET, LOG_LEVEL: 'silent', SPEECH_ENGINE: 'off' },
      ...{ ...ENVIRONMENT, ...speech?.env },
    },
    { app, nodeOptions: V8_OPTIONS },
  );
  prefer(server.child);
  stack.defer(async () => void (await server.stop('SIGKILL')));
  return server;
}

/**
 * Reads what attackers read, one after another. Much at once would already grow what the attack is to grow. The export
 * and the search for a word that nobody said fill the page cache of SQLite, which has a fixed size.
 */
async function warmUp(url: string, { longRoomId, largeRoomId }: FilledDatabase): Promise<void> {
  const { token } = await httpClient(url).session.guest.mutate({ name: 'Ben' });
  const trpc = httpClient(url, token);
  for (const roomId of [longRoomId, largeRoomId]) await trpc.rooms.join.mutate({ roomId });
  const headers = { authorization: `Bearer ${token}` };
  const file = await fetch(`${url}/api/rooms/${longRoomId}/transcript.json`, { headers });
  for await (const _ of file.body ?? []);
  for (let cursor: string | undefined; ; ) {
    const input = { query: 'a word that nobody said', roomId: longRoomId, cursor };
    const { nextCursor } = await trpc.messages.search.query(input);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  await changeMessage(trpc);
  for (const _ of upTo(5)) {
    await trpc.messages.list.query({ roomId: largeRoomId, limit: 200 });
    await trpc.messages.search.query({ query: 'alpha', roomId: longRoomId });
  }
}

/** Changes a message again and again, so that V8 has compiled what it compiles. */
async function changeMessage({ rooms, messages }: ReturnType<typeof httpClient>): Promise<void> {
  const { id: roomId } = await rooms.create.mutate({ name: 'Warm' });
  const { id: messageId } = await messages.send.mutate({ roomId, clientId: randomUUID(), text: 'hello' });
  for (const i of upTo(500)) {
    await messages.edit.mutate({ roomId, messageId, text: `hello ${i}` });
    await messages.react.mutate({ roomId, messageId, emoji: '👍', on: i % 2 === 0 });
  }
}

/** @returns the resident memory after a garbage collection. @see collect.ts @throws Error if the server does not answer. */
async function collectedMiB(server: ServerProcess): Promise<number> {
  const printed = server.printed().length;
  server.child.kill('SIGUSR2');
  const until = performance.now() + COLLECT_MS;
  while (performance.now() < until) {
    const [, bytes] = /collected (\d+)\n/.exec(server.printed().slice(printed)) ?? [];
    if (bytes) return Number(bytes) / 1_024 / 1_024;
    await sleep(20);
  }
  throw new Error('The server under attack did not collect its garbage.');
}

async function highestMiB(server: ServerProcess, forMs: number): Promise<number> {
  let highest = 0;
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    highest = Math.max(highest, server.memoryMiB());
    await sleep(25);
  }
  return highest;
}
