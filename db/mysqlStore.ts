import { connectMysql, readMysqlUrl } from './mysql.ts';
import { mariadbDialect, mysqlDialect } from './mysqlDialect.ts';
import { createSqlStore } from './sqlStore.ts';
import type { Store } from './store.ts';

/** @throws Error as `readMysqlUrl` and `connectMysql` */
export async function openMysql(url: string): Promise<Store> {
  const address = readMysqlUrl(url);
  const { orm, version } = await connectMysql(address);
  const [number = ''] = /^[\d.]+/.exec(version) ?? [];
  const where = `${address.host}:${address.port}/${address.database}`;
  return /mariadb/i.test(version)
    ? createSqlStore(orm, mariadbDialect, `MariaDB ${number} (${where})`)
    : createSqlStore(orm, mysqlDialect, `MySQL ${number} (${where})`);
}
