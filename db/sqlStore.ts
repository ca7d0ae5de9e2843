import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import type { Dialect } from './dialect.ts';
import { guard } from './failures.ts';
import { memberTable } from './memberTable.ts';
import { messageTable } from './messageTable.ts';
import { roomTable } from './roomTable.ts';
import { run } from './run.ts';
import type { Store } from './store.ts';
import { storeUnavailable } from './storeUnavailable.ts';
import { usageTable } from './usageTable.ts';
import { userTable } from './userTable.ts';

/** A fresh unit of work: entity managers are never shared between calls. */
export type Fork = () => SqlEntityManager;

/** The store over any SQL database that MikroORM speaks to. */
export function createSqlStore(orm: MikroORM, dialect: Dialect, label: string): Store {
  let closed = false;
  const fork: Fork = () => {
    // MikroORM would connect again, and nobody would close that connection.
    if (closed) throw storeUnavailable();
    return orm.em.fork() as SqlEntityManager;
  };
  const ping = async () => {
    await run(fork(), 'select 1');
  };
  return {
    label,
    ...guard({
      ...userTable(fork),
      ...roomTable(fork, dialect),
      ...memberTable(fork, dialect),
      ...messageTable(fork, dialect),
      ...usageTable(fork, dialect),
      ping,
    }),
    async close() {
      closed = true;
      await orm.close(true);
    },
  };
}
