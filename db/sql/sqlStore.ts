import type { MikroORM } from '@mikro-orm/core';
import type { Store } from '../store.ts';
import { Database, run } from './database.ts';
import type { Dialect } from './dialect.ts';
import { guard } from './failures.ts';
import { memberTable } from './memberTable.ts';
import { messageTable } from './messageTable.ts';
import { roomTable } from './roomTable.ts';
import { usageTable } from './usageTable.ts';
import { userTable } from './userTable.ts';

/** The store over any SQL database that MikroORM speaks to. */
export function createSqlStore(orm: MikroORM, dialect: Dialect, label: string): Store {
  const database = new Database(orm, dialect.begin);
  const ping = async () => {
    await run(database.sql, 'select 1');
  };
  return {
    label,
    ...guard({
      ...userTable(database),
      ...roomTable(database, dialect),
      ...memberTable(database, dialect),
      ...messageTable(database, dialect),
      ...usageTable(database, dialect),
      ping,
    }),
    close: () => database.close(),
  };
}
