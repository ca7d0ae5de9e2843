import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { openStore } from '../db/open.ts';
import { findMysqlHome, type MysqlServer, startMariadb, startOracleMysql } from '../testing/mysqlServers.ts';
import { temporaryDatabase } from '../testing/serverProcess.ts';
import { measureLargeRoom, type Sql } from './largeRoom.ts';
import { measureReading } from './reading.ts';
import { measureWriting, type Rates, SENDERS } from './writing.ts';

/**
 * `npm run bench:timeline [-- mariadb mysql sqlite]`: what the timeline costs, as ratios to the bare driver on the same
 * server and tables, and what a room of a million messages costs beside one of a thousand.
 */
async function main(wanted: string[]): Promise<void> {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  const home = findMysqlHome();
  if (isWanted('mariadb')) await measureServer(startMariadb);
  if (home && isWanted('mysql')) await measureServer(() => startOracleMysql(home));
  if (isWanted('sqlite')) await measureSqlite();
}

async function measureServer(start: () => Promise<MysqlServer>): Promise<void> {
  await using server = await start();
  const url = await server.database();
  const store = await openStore(url);
  say(store.label.replace(/ \(.*/, ''));
  const { oneRoom, manyRooms, lone } = await measureWriting(store, url);
  rates(`${SENDERS} senders into one room`, oneRoom);
  rates(`${SENDERS} senders into ${SENDERS} rooms`, manyRooms);
  line('a lone sender, p50', lone.ms, 'ms', lone.ratio);
  const { list, catchUpMs } = await measureReading(store, url);
  line('messages.list of 50, p50', list.ms, 'ms', list.ratio);
  line('catch-up of 1,000 changes, p50', catchUpMs, 'ms');
  await measureLargeRoom(store, mysqlOf(url), say);
  await store.close();
}

async function measureSqlite(): Promise<void> {
  const file = temporaryDatabase();
  const store = await openStore(file.url);
  say('SQLite');
  await measureLargeRoom(store, sqliteOf(file.url), say);
  await store.close();
  file.remove();
}

function mysqlOf(url: string): Sql {
  const asked = async (sql: string) => {
    const connection = await createConnection({ uri: url });
    const [rows] = await connection.query(sql);
    connection.destroy();
    return rows as Record<string, unknown>[];
  };
  return {
    newId: 'uuid()',
    execute: asked,
    // A table from MariaDB, a text from MySQL 9: whatever it says.
    explain: async (sql) => (await asked(`explain ${sql}`)).map((row) => Object.values(row).join(' ')),
  };
}

function sqliteOf(url: string): Sql {
  const asked = async (sql: string) => {
    const database = new DatabaseSync(url.replace('sqlite:', ''));
    const rows = database.prepare(sql).all();
    database.close();
    return rows as { detail: string }[];
  };
  return {
    newId: 'lower(hex(randomblob(16)))',
    execute: asked,
    explain: async (sql) => (await asked(`explain query plan ${sql}`)).map(({ detail }) => detail),
  };
}

function rates(what: string, { perSecond, timesSingly, timesBare }: Rates): void {
  const beside = `${timesSingly.toFixed(2)} × a transaction a message, ${timesBare.toFixed(2)} × by the bare driver`;
  say(`  ${what.padEnd(34)}${Math.round(perSecond).toString().padStart(10)} acked/s   ${beside}`);
}

function line(what: string, figure: number, unit: string, ratio?: number): void {
  const shown = figure >= 100 ? Math.round(figure).toString() : figure.toFixed(2);
  const beside = ratio === undefined ? '' : `   ${ratio.toFixed(2)} × the bare driver`;
  say(`  ${what.padEnd(34)}${shown.padStart(10)} ${unit}${beside}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main(process.argv.slice(2));
