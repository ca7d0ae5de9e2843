import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { openStore } from '../../db/open.ts';
import { addPerson, addRoom, append, kept, typed, upTo } from '../../db/testing/material.ts';
import { httpClient, refusal } from '../../testing/clients.ts';
import { startMariadb } from '../../testing/mysqlServers.ts';
import { startServerProcess, temporaryDatabase } from '../../testing/serverProcess.ts';

const UNAVAILABLE = { reason: 'store_unavailable', code: 'SERVICE_UNAVAILABLE', retryable: true };
const PATIENCE = { timeout: 20_000, interval: 100 };

async function readiness(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/readyz`);
  const { status, database } = (await answer.json()) as Record<string, string>;
  return [answer.status, status, database];
}

/** A process whose files may not grow, as on a full disk. It needs no disk of its own, and so works everywhere. */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
}

test('SQLite on a full disk: calls are refused for now, /readyz says so, and all works again once there is room', async () => {
  const database = temporaryDatabase();
  const server = await startServerProcess({
    ...{ DATABASE_URL: database.url, SPEECH_ENGINE: 'off', LOG_LEVEL: 'silent', RATE_LIMITS: 'off' },
  });
  const ada = await httpClient(server.url).session.guest.mutate({ name: 'Ada' });
  const trpc = httpClient(server.url, ada.token);
  const { id: roomId } = await trpc.rooms.create.mutate({ name: 'Hall' });
  const send = (clientId: string) => trpc.messages.send.mutate({ roomId, clientId, text: 'x'.repeat(4_000) });
  const log = `${database.url.replace('sqlite:', '')}-wal`;
  expect(existsSync(log)).toBe(true);
  await send(crypto.randomUUID());

  limitFiles(server.child.pid as number, statSync(log).size);
  const clientId = crypto.randomUUID();
  expect(await refusal(send(clientId))).toMatchObject(UNAVAILABLE);
  await vi.waitFor(
    async () => expect(await readiness(server.url)).toEqual([503, 'unready', 'away']),
    PATIENCE,
  );
  expect(await refusal(httpClient(server.url).session.guest.mutate({ name: 'Ben' }))).toMatchObject(
    UNAVAILABLE,
  );
  expect((await trpc.messages.list.query({ roomId })).items).toHaveLength(1);

  limitFiles(server.child.pid as number, 'unlimited');
  expect((await send(clientId)).seq).toBe(2);
  expect(await readiness(server.url)).toEqual([200, 'ready', 'ok']);
  expect(await server.stop()).toBe(0);
  database.remove();
}, 120_000);

test('MariaDB with a full tablespace: calls are refused for now, and nothing is lost once there is room', async () => {
  const options = ['--innodb-file-per-table=0', '--innodb-data-file-path=ibdata1:12M:autoextend:max:24M'];
  await using mariadb = await startMariadb(options);
  const url = await mariadb.database('all');
  const store = await openStore(url);
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  await mariadb.query('create database filler');
  await mariadb.query(
    'create table filler.bytes (id int auto_increment primary key, b longblob) engine = InnoDB',
  );
  const fill = async (bytes: number) => {
    for (;;) await mariadb.query(`insert into filler.bytes (b) values (repeat('x', ${bytes}))`);
  };
  for (const bytes of [1_000_000, 60_000, 9_000, 900, 9]) await fill(bytes).catch(() => {});
  const messages = upTo(200).map(() => typed(room, ada, { text: 'x'.repeat(4_000) }));
  await expect(append(store, messages)).rejects.toMatchObject({ ...UNAVAILABLE, cause: { errno: 1_114 } });
  options[1] = '--innodb-data-file-path=ibdata1:12M:autoextend';
  await mariadb.kill();
  await mariadb.start();
  await vi.waitFor(async () => expect(kept(await append(store, messages)).at(-1)?.seq).toBe(200), PATIENCE);
  await store.close();
}, 120_000);
