import type { MikroORM } from '@mikro-orm/core';
import type { Store } from '../store.ts';
import type { StoreMethod } from '../storeMethods.ts';
import { commitChanges } from './commitChanges.ts';
import { Database, run } from './database.ts';
import type { Dialect } from './dialect.ts';
import { guardMethods } from './failures/guard.ts';
import { memberTable } from './memberTable.ts';
import { messageTable } from './messageTable.ts';
import { roomTable } from './roomTable.ts';
import { searchTable } from './searchMessages.ts';
import { streamTable, usageTable } from './speechTables.ts';
import { userTable } from './userTable.ts';

/** The store over any SQL database that MikroORM supports. `label` is the store's label. */
export function createSqlStore(orm: MikroORM, dialect: Dialect, label: string): Store {
  const database = new Database(orm, dialect.begin);
  const ping = async () => {
    const now = Date.now();
    await run(
      database.sql,
      `insert into write_proof (id, proven_at) values (1, ?)
        ${dialect.onDuplicateUpdate('id')} proven_at = ?`,
      [now, now],
    );
  };
  return {
    label,
    ...guardMethods<Pick<Store, StoreMethod>>({
      ...userTable(database),
      ...roomTable(database, dialect),
      ...memberTable(database, dialect),
      ...messageTable(database, dialect),
      ...searchTable(database, dialect),
      ...usageTable(database, dialect),
      ...streamTable(database, dialect),
      commitChanges: (changes) => commitChanges(database, dialect, changes),
      ping,
    }),
    close: () => database.close(),
  };
}
