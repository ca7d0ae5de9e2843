import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);

export type MysqlServer = Daemon & {
  /**
   * Creates an empty database. @returns its `DATABASE_URL`.
   * @param rights those of a new user, e.g. `select, insert`, in this database only. Without it the user is root, on whom a
   *   server imposes neither `init_connect` nor `read_only`.
   */
  database: (rights?: string) => Promise<string>;
  /** Runs one statement as root, without a current database. */
  query: (sql: string) => Promise<unknown>;
};

const COMMON = ['--skip-log-bin', '--innodb-buffer-pool-size=64M'];
const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : [];

const MARIADB = '/usr/sbin/mariadbd';

/**
 * Starts Debian's MariaDB.
 * @param options more options of the server.
 * @param host an address of the loopback interface: the root account has no password.
 */
export function startMariadb(options: string[] = [], host = '127.0.0.1'): Promise<MysqlServer> {
  return startMysql('mariadb', host, {
    async prepare(directory) {
      const data = ['--no-defaults', `--datadir=${join(directory, 'data')}`, '--skip-test-db', ...AS_ROOT];
      // A MariaDB that starts removes every temporary table in its `tmpdir`, also those of others.
      data.push(`--tmpdir=${directory}`);
      await run('mariadb-install-db', [...data, '--auth-root-authentication-method=normal']);
    },
    command: (directory, port) => [
      ...[MARIADB, '--no-defaults', ...serverOptions(directory, port), `--bind-address=${host}`, ...options],
    ],
  });
}

/** @returns the directory with an unpacked Oracle MySQL: `MYSQL_HOME`, or /opt/mysql-sid; undefined if there is none. */
export function findMysqlHome(): string | undefined {
  const home = process.env.MYSQL_HOME ?? '/opt/mysql-sid';
  return existsSync(join(home, 'root/usr/sbin/mysqld')) ? home : undefined;
}

/** Starts Oracle's MySQL from the directory where it is unpacked. It runs with its own loader and libraries. */
export function startOracleMysql(home: string, options: string[] = []): Promise<MysqlServer> {
  const root = join(home, 'root');
  const host = '127.0.0.1';
  const command = (directory: string, ...more: string[]) => [
    join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', join(root, 'usr/lib/x86_64-linux-gnu'), join(root, 'usr/sbin/mysqld')],
    ...['--no-defaults', `--basedir=${root}/usr`, `--lc-messages-dir=${root}/usr/share/mysql`],
    ...[`--character-sets-dir=${root}/usr/share/mysql/charsets`, `--plugin-dir=${root}/usr/lib/mysql/plugin`],
    ...[`--datadir=${join(directory, 'data')}`, '--secure-file-priv=NULL', '--mysqlx=OFF', ...AS_ROOT],
    ...more,
  ];
  return startMysql('mysql', host, {
    async prepare(directory) {
      const [file = '', ...args] = command(directory, '--initialize-insecure');
      await run(file, args);
    },
    command: (directory, port) =>
      command(directory, ...serverOptions(directory, port), `--bind-address=${host}`, ...options),
  });
}

function serverOptions(directory: string, port: number): string[] {
  return [
    ...[`--datadir=${join(directory, 'data')}`, `--port=${port}`, `--socket=${join(directory, 'socket')}`],
    ...[`--pid-file=${join(directory, 'pid')}`, `--tmpdir=${directory}`, ...COMMON, ...AS_ROOT],
  ];
}

async function startMysql(
  name: string,
  host: string,
  spec: Pick<Parameters<typeof startDaemon>[0], 'prepare' | 'command'>,
): Promise<MysqlServer> {
  const query = async (port: number, sql: string) => {
    const connection = await createConnection({ host, port, user: 'root' });
    try {
      return (await connection.query(sql))[0];
    } finally {
      connection.destroy();
    }
  };
  const ping = async (port: number) => void (await query(port, 'select 1'));
  const daemon = await startDaemon({ name, ping, ...spec });
  const ask = (sql: string) => query(daemon.port, sql);
  const place = `${host.includes(':') ? `[${host}]` : host}:${daemon.port}`;
  let databases = 0;
  return {
    ...daemon,
    query: ask,
    async database(rights) {
      const number = ++databases;
      const database = `roomscribe_${number}`;
      await ask(`create database ${database}`);
      if (!rights) return `mysql://root@${place}/${database}`;
      await ask(`create user app_${number}@'%' identified by 'a%'`);
      await ask(`grant ${rights} on ${database}.* to app_${number}@'%'`);
      return `mysql://app_${number}:a%25@${place}/${database}`;
    },
  };
}
