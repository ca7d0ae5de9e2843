import { join } from 'node:path';
import { LIMITS } from '../../contract/limits.ts';
import { addPerson, addRoom, append, typed, upTo } from '../../db/testing/material.ts';
import { findMysqlHome, startMariadb, startOracleMysql } from '../mysqlServers.ts';
import { temporaryDatabase } from '../serverProcess.ts';
import { addLongRoom } from './longRoom.ts';

export type DatabaseName = 'sqlite' | 'mysql';

/** A database with a long room and a room of large messages. */
export type FilledDatabase = AsyncDisposable & { url: string; longRoomId: string; largeRoomId: string };

/**
 * Makes a database and fills it.
 * @param app the checkout whose code makes the tables.
 * @param messages how many messages the long room holds.
 */
export async function fillDatabase(
  name: DatabaseName,
  { app, messages }: { app: string; messages: number },
): Promise<FilledDatabase> {
  const { url, remove } = name === 'sqlite' ? temporaryDatabase() : await temporaryMysql();
  const { openStore } = (await import(join(app, 'db/open.ts'))) as typeof import('../../db/open.ts');
  const store = await openStore(url);
  const longRoomId = await addLongRoom(store, messages);
  const owner = await addPerson(store, 'Owner');
  const largeRoomId = await addRoom(store, owner, { name: 'A room of large messages' });
  for (const _ of upTo(LIMITS.pageSizeMax)) {
    await append(store, [typed(largeRoomId, owner, { text: '가'.repeat(LIMITS.textLength) })]);
  }
  await store.close();
  return { url, longRoomId, largeRoomId, [Symbol.asyncDispose]: async () => remove() };
}

async function temporaryMysql() {
  const home = findMysqlHome();
  const server = home ? await startOracleMysql(home) : await startMariadb();
  return { url: await server.database(), remove: () => server[Symbol.asyncDispose]() };
}
