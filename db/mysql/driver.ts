import type { Configuration } from '@mikro-orm/core';
import { MySqlConnection, MySqlDriver } from '@mikro-orm/mysql';
import { MysqlDialect } from 'kysely';
import { createPool, type PoolOptions } from 'mysql2';
import { type BoundArguments, executeBound } from '../sql/boundQuery.ts';
import type { MysqlLimits } from './limits.ts';
import { createPinnedPool } from './pool.ts';

/** How many statements a connection keeps prepared. The server bounds them for all its clients together. */
const PREPARED_MAX = 100;

/** What `driverOptions` takes besides the driver's own options. */
export type PinnedOptions = PoolOptions & { limits: MysqlLimits };

/** The ORM's driver, with bound parameters and pinned sessions. */
export class PinnedMysqlDriver extends MySqlDriver {
  override readonly connection: PinnedConnection;

  constructor(config: Configuration) {
    super(config);
    this.connection = new PinnedConnection(config);
  }
}

class PinnedConnection extends MySqlConnection {
  override async createKyselyDialect({ limits, ...overrides }: PinnedOptions): Promise<MysqlDialect> {
    const options = { ...this.mapOptions(overrides), maxPreparedStatements: PREPARED_MAX };
    return new MysqlDialect({ pool: createPinnedPool(createPool(options), limits) });
  }

  override async execute<T>(...[query, params, method = 'all', ctx]: BoundArguments): Promise<T> {
    await this.ensureConnection();
    const result = await executeBound(ctx ?? this.getClient(), query, params, toValue);
    return this.transformRawResult(result, method);
  }
}

/** Times are UTC, as the session's time zone is. */
function toValue(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().replace('T', ' ').replace('Z', '') : value;
}
