import { createSqlStore } from '../sql/sqlStore.ts';
import type { Store } from '../store.ts';
import { connectMysql } from './connect.ts';
import { mysqlDialect } from './dialect.ts';
import { MYSQL_LIMITS, type MysqlLimits } from './limits.ts';
import { readMysqlUrl } from './url.ts';

/** Opens a MySQL or MariaDB store. @throws Error like `readMysqlUrl` and `connectMysql`. */
export async function openMysql(url: string, limits: Partial<MysqlLimits> = {}): Promise<Store> {
  const address = readMysqlUrl(url);
  const { orm, version } = await connectMysql(address, { ...MYSQL_LIMITS, ...limits });
  const [number = ''] = /^[\d.]+/.exec(version) ?? [];
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const where = `${host}:${address.port}/${address.database}`;
  const name = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  return createSqlStore(orm, mysqlDialect, `${name} ${number} (${where})`);
}
