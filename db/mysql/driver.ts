import type { Configuration, Transaction } from '@mikro-orm/core';
import { isRaw, Utils } from '@mikro-orm/core';
import { MySqlConnection, MySqlDriver, NativeQueryBuilder } from '@mikro-orm/mysql';
import { CompiledQuery, MysqlDialect } from 'kysely';
import { createPool, type PoolOptions } from 'mysql2';
import { bindQuery } from '../sql/boundQuery.ts';
import { createPinnedPool } from './pool.ts';

/** How many statements a connection keeps prepared. The server bounds them for all its clients together. */
const PREPARED_MAX = 100;

/** The ORM's driver, with bound parameters and pinned sessions. */
export class PinnedMysqlDriver extends MySqlDriver {
  override readonly connection: PinnedConnection;

  constructor(config: Configuration) {
    super(config);
    this.connection = new PinnedConnection(config);
  }
}

class PinnedConnection extends MySqlConnection {
  override async createKyselyDialect(overrides: PoolOptions): Promise<MysqlDialect> {
    const options = { ...this.mapOptions(overrides), maxPreparedStatements: PREPARED_MAX };
    return new MysqlDialect({ pool: createPinnedPool(createPool(options)) });
  }

  override async execute<T>(
    query: Parameters<MySqlConnection['execute']>[0],
    params: unknown[] = [],
    method: 'all' | 'get' | 'run' = 'all',
    ctx?: Transaction,
  ): Promise<T> {
    await this.ensureConnection();
    const asked = query instanceof NativeQueryBuilder ? query.toRaw() : query;
    const bound = isRaw(asked)
      ? bindQuery(asked.sql, asked.params, toValue)
      : bindQuery(asked as string, params, toValue);
    const executor = ctx ?? this.getClient();
    const result = await executor.executeQuery(CompiledQuery.raw(bound.sql, bound.params));
    return this.transformRawResult(result, method);
  }
}

/** Times are UTC, as the session's time zone is. */
function toValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  if (typeof value === 'boolean') return Number(value);
  return Utils.isPlainObject(value) ? JSON.stringify(value) : value;
}
