import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { type Daemon, startDaemon } from './daemon.ts';

const run = promisify(execFile);

export type MysqlServer = Daemon & {
  /** Creates an empty database. @returns its `DATABASE_URL`. */
  database: () => Promise<string>;
  /** Runs one statement as root, without a current database. */
  query: (sql: string) => Promise<unknown>;
};

/** The server listens on the loopback interface only, because its root account has no password. */
const COMMON = ['--bind-address=127.0.0.1', '--skip-log-bin', '--innodb-buffer-pool-size=64M'];
const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : [];

const MARIADB = '/usr/sbin/mariadbd';

/** Starts Debian's MariaDB. */
export function startMariadb(): Promise<MysqlServer> {
  return startMysql('mariadb', {
    async prepare(directory) {
      const options = ['--no-defaults', `--datadir=${join(directory, 'data')}`, '--skip-test-db', ...AS_ROOT];
      await run('mariadb-install-db', [...options, '--auth-root-authentication-method=normal']);
    },
    command: (directory, port) => [MARIADB, '--no-defaults', ...serverOptions(directory, port)],
  });
}

/** @returns the directory with an unpacked Oracle MySQL: `MYSQL_HOME`, or /opt/mysql-sid; undefined if there is none. */
export function findMysqlHome(): string | undefined {
  const home = process.env.MYSQL_HOME ?? '/opt/mysql-sid';
  return existsSync(join(home, 'root/usr/sbin/mysqld')) ? home : undefined;
}

/** Starts Oracle's MySQL from the directory where it is unpacked. It runs with its own loader and libraries. */
export function startOracleMysql(home: string): Promise<MysqlServer> {
  const root = join(home, 'root');
  const command = (directory: string, ...options: string[]) => [
    join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', join(root, 'usr/lib/x86_64-linux-gnu'), join(root, 'usr/sbin/mysqld')],
    ...['--no-defaults', `--basedir=${root}/usr`, `--lc-messages-dir=${root}/usr/share/mysql`],
    ...[`--character-sets-dir=${root}/usr/share/mysql/charsets`, `--plugin-dir=${root}/usr/lib/mysql/plugin`],
    ...[`--datadir=${join(directory, 'data')}`, '--secure-file-priv=NULL', '--mysqlx=OFF', ...AS_ROOT],
    ...options,
  ];
  return startMysql('mysql', {
    async prepare(directory) {
      const [file = '', ...args] = command(directory, '--initialize-insecure');
      await run(file, args);
    },
    command: (directory, port) => command(directory, ...serverOptions(directory, port)),
  });
}

function serverOptions(directory: string, port: number): string[] {
  return [
    ...[`--datadir=${join(directory, 'data')}`, `--port=${port}`, `--socket=${join(directory, 'socket')}`],
    ...[`--pid-file=${join(directory, 'pid')}`, ...COMMON, ...AS_ROOT],
  ];
}

async function startMysql(
  name: string,
  spec: Pick<Parameters<typeof startDaemon>[0], 'prepare' | 'command'>,
): Promise<MysqlServer> {
  const query = async (port: number, sql: string) => {
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
    try {
      return (await connection.query(sql))[0];
    } finally {
      connection.destroy();
    }
  };
  const ping = async (port: number) => void (await query(port, 'select 1'));
  const daemon = await startDaemon({ name, ping, ...spec });
  let databases = 0;
  return {
    ...daemon,
    query: (sql) => query(daemon.port, sql),
    async database() {
      const database = `roomscribe_${++databases}`;
      await query(daemon.port, `create database ${database}`);
      return `mysql://root@127.0.0.1:${daemon.port}/${database}`;
    },
  };
}
