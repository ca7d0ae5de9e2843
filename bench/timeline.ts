import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { openStore } from '../db/open.ts';
import { findMysqlHome, type MysqlServer, startMariadb, startOracleMysql } from '../testing/mysqlServers.ts';
import { temporaryDatabase } from '../testing/serverProcess.ts';
import { measureLargeRoom, type Sql } from './largeRoom.ts';
import { measureReading } from './reading.ts';
import { measureWriting, type Rates, SENDERS } from './writing.ts';

/**
 * `npm run bench:timeline [-- mariadb mysql sqlite]` measures writes and reads of the timeline, as ratios to the bare
 * driver on the same server and tables. It also compares a room of a million messages with one of a thousand.
 */
async function main(databases: string[]): Promise<void> {
  const isChosen = (name: string) => databases.length === 0 || databases.includes(name);
  const home = findMysqlHome();
  if (isChosen('mariadb')) await measureServer(startMariadb);
  if (home && isChosen('mysql')) await measureServer(() => startOracleMysql(home));
  if (isChosen('sqlite')) await measureSqlite();
}

async function measureServer(start: () => Promise<MysqlServer>): Promise<void> {
  await using server = await start();
  const url = await server.database();
  const store = await openStore(url);
  print(store.label.replace(/ \(.*/, ''));
  const { oneRoom, manyRooms, lone } = await measureWriting(store, url);
  printRates(`${SENDERS} senders into one room`, oneRoom);
  printRates(`${SENDERS} senders into ${SENDERS} rooms`, manyRooms);
  printFigure('a lone sender, p50', lone.ms, 'ms', lone.ratio);
  const { list, catchUpMs } = await measureReading(store, url);
  printFigure('messages.list of 50, p50', list.ms, 'ms', list.ratio);
  printFigure('catch-up of 1,000 changes, p50', catchUpMs, 'ms');
  await measureLargeRoom(store, mysqlOf(url), print);
  await store.close();
}

async function measureSqlite(): Promise<void> {
  const file = temporaryDatabase();
  const store = await openStore(file.url);
  print('SQLite');
  await measureLargeRoom(store, sqliteOf(file.url), print);
  await store.close();
  file.remove();
}

function mysqlOf(url: string): Sql {
  const query = async (sql: string) => {
    const connection = await createConnection({ uri: url });
    const [rows] = await connection.query(sql);
    connection.destroy();
    return rows as Record<string, unknown>[];
  };
  return {
    newId: 'uuid()',
    execute: query,
    // MariaDB answers with a table, MySQL 9 with one text. Printing all columns suits both.
    explain: async (sql) => (await query(`explain ${sql}`)).map((row) => Object.values(row).join(' ')),
  };
}

function sqliteOf(url: string): Sql {
  const query = async (sql: string) => {
    const database = new DatabaseSync(url.replace('sqlite:', ''));
    const rows = database.prepare(sql).all();
    database.close();
    return rows as { detail: string }[];
  };
  return {
    newId: 'lower(hex(randomblob(16)))',
    execute: query,
    explain: async (sql) => (await query(`explain query plan ${sql}`)).map(({ detail }) => detail),
  };
}

function printRates(name: string, { perSecond, timesSingly, timesBare }: Rates): void {
  const ratios = `${timesSingly.toFixed(2)} × one transaction per message, ${timesBare.toFixed(2)} × the bare driver`;
  print(`  ${name.padEnd(34)}${Math.round(perSecond).toString().padStart(10)} acked/s   ${ratios}`);
}

function printFigure(name: string, figure: number, unit: string, ratio?: number): void {
  const shown = figure >= 100 ? Math.round(figure).toString() : figure.toFixed(2);
  const ratioText = ratio === undefined ? '' : `   ${ratio.toFixed(2)} × the bare driver`;
  print(`  ${name.padEnd(34)}${shown.padStart(10)} ${unit}${ratioText}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main(process.argv.slice(2));
