import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SELF_SIGNED, SELF_SIGNED_ADDRESS } from '../../server/transcriber/testing/transcribe/selfSigned.ts';
import { type MysqlServer, startMariadb } from '../../testing/mysqlServers.ts';
import { openStoreOrWait } from '../lateStore.ts';
import { openStore } from '../open.ts';
import { addPerson } from '../testing/material.ts';

/** What a start is told at once. A start that would wait fails the test. */
async function refusalOf(url: string): Promise<string> {
  const opening = openStoreOrWait(url, () => {});
  const error: unknown = await opening.then(
    async (store) => {
      await store.close();
      return new Error(`The start was not refused: ${store.label}`);
    },
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ reason: 'store_refused', retryable: false });
  return (error as Error).message;
}

async function mustOpen(url: string): Promise<void> {
  const store = await openStore(url);
  await addPerson(store);
  await store.close();
}

const databaseIn = (url: string) => new URL(url).pathname.slice(1);
const userIn = (url: string) => new URL(url).username;

describe('a start is refused, in a sentence that says what to do,', () => {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(['select', 'select, insert, update, delete', 'select, create, alter, index, references, drop'])(
    'by the rights “%s” in an empty database, until the user has all',
    async (rights) => {
      const url = await server.database(rights);
      const sentence = await refusalOf(url);
      expect(sentence).toMatch(/too few rights \(.+command denied/);
      expect(sentence).toContain(`GRANT ALL ON ${databaseIn(url)}.* TO`);
      await server.query(`grant all on ${databaseIn(url)}.* to ${userIn(url)}@'%'`);
      await mustOpen(url);
    },
  );

  test.each(['select', 'select, insert, update', 'select, update, delete', 'select, insert, delete'])(
    'by the rights “%s” in a migrated database, although nothing is to be migrated',
    async (rights) => {
      const url = await server.database('all');
      await mustOpen(url);
      await server.query(`revoke all on ${databaseIn(url)}.* from ${userIn(url)}@'%'`);
      await server.query(`grant ${rights} on ${databaseIn(url)}.* to ${userIn(url)}@'%'`);
      expect(await refusalOf(url)).toMatch(/too few rights/);
      await server.query(`grant insert, update, delete on ${databaseIn(url)}.* to ${userIn(url)}@'%'`);
      await mustOpen(url);
    },
  );

  test('by a database that does not exist, and by a wrong password, without the password', async () => {
    const url = new URL(await server.database('all'));
    const elsewhere = Object.assign(new URL(url), { pathname: '/nowhere' });
    // A user without rights there is not told whether it exists.
    elsewhere.username = 'root';
    elsewhere.password = '';
    expect(await refusalOf(elsewhere.href)).toMatch(/no database “nowhere”.*CREATE DATABASE nowhere/);
    const wrong = Object.assign(new URL(url), { password: 'hush' });
    const sentence = await refusalOf(wrong.href);
    expect(sentence).toMatch(/Check the user and the password in DATABASE_URL/);
    expect(sentence).not.toContain('hush');
  });

  test.each([
    ['messages', 'text text character set latin1', /messages\.text .* latin1.* Convert it to utf8mb4/],
    ['users', 'name varchar(160) character set utf8mb3', /users\.name .* utf8mb3/],
    ['chat_rooms', 'language varchar(35) character set ascii', /chat_rooms\.language .* ascii/],
  ])('by the table %s with the column %s', async (table, column, words) => {
    const url = await server.database('all');
    await mustOpen(url);
    await server.query(`alter table ${databaseIn(url)}.${table} modify ${column}`);
    expect(await refusalOf(url)).toMatch(words);
    await server.query(
      `alter table ${databaseIn(url)}.${table} modify ${column.replace(/ascii|latin1|utf8mb3/, 'utf8mb4')}`,
    );
    await mustOpen(url);
  });

  test('by a table of an engine without transactions', async () => {
    const url = await server.database('all');
    await mustOpen(url);
    await server.query(`alter table ${databaseIn(url)}.write_proof engine = MyISAM`);
    expect(await refusalOf(url)).toMatch(/write_proof .* MyISAM.*Convert it to InnoDB/);
  });

  test('by a server that takes small statements only', async () => {
    const url = await server.database('all');
    await server.query('set global max_allowed_packet = 65536');
    expect(await refusalOf(url)).toMatch(/65536 bytes.*max_allowed_packet to 4194304/);
    await server.query('set global max_allowed_packet = default');
    await mustOpen(url);
  });

  test('by a server without TLS, if the URL asks for it', async () => {
    expect(await refusalOf(`${await server.database('all')}?tls=true`)).toMatch(/does not offer it/);
  });

  test.each(['5.7.44-log', '10.5.29-MariaDB'])('by the version %s', async (version) => {
    await using named = await startMariadb([`--version=${version}`]);
    const sentence = await refusalOf(await named.database('all'));
    expect(sentence).toContain(`version ${version}`);
    expect(sentence).toMatch(/needs MySQL 8\.0 or later, or MariaDB 10\.6 or later/);
  });

  test('but not by the version 10.6.0-MariaDB, nor by that of an Aurora', async () => {
    await using maria = await startMariadb(['--version=10.6.0-MariaDB']);
    await mustOpen(await maria.database('all'));
    await using aurora = await startMariadb(['--version=8.0.mysql_aurora.3.05.2']);
    // It is none: the migrations of MySQL fail on it.
    await expect(openStore(await aurora.database('all'))).rejects.toThrow(/ngram/);
  });
});

describe('TLS', () => {
  let directory: string;
  let server: MysqlServer;
  let url: URL;
  const place = (name: string) => join(directory, name);
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'roomscribe-tls-'));
    for (const [name, pem] of Object.entries(SELF_SIGNED)) writeFileSync(place(`name-${name}.pem`), pem);
    for (const [name, pem] of Object.entries(SELF_SIGNED_ADDRESS))
      writeFileSync(place(`address-${name}.pem`), pem);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const start = async (certificate: 'name' | 'address') => {
    const files = [
      `--ssl-cert=${place(`${certificate}-cert.pem`)}`,
      `--ssl-key=${place(`${certificate}-key.pem`)}`,
    ];
    server = await startMariadb(files);
    url = new URL(await server.database('all'));
    // The tests' own administrator connects without TLS, so the server asks it of this user only.
    await server.query(`alter user ${url.username}@'%' require ssl`);
    return server;
  };
  const at = (host: string, options: string) =>
    Object.assign(new URL(url), { hostname: host, search: options }).href;

  test('is used with the certificate of a name, and refused for another name or authority', async () => {
    await using _ = await start('name');
    await mustOpen(at('localhost', `?ca=${place('name-cert.pem')}`));
    expect(await refusalOf(at('localhost', ''))).toMatch(/TLS \(\?tls=true\)/);
    expect(await refusalOf(at('localhost', '?tls=true'))).toMatch(/self-signed.*\?ca=PATH/);
    expect(await refusalOf(at('localhost', `?ca=${place('address-cert.pem')}`))).toMatch(/\?ca=PATH/);
    expect(await refusalOf(at('127.0.0.1', `?ca=${place('name-cert.pem')}`))).toMatch(
      /127\.0\.0\.1.* certificate/,
    );
  });

  test('is used with the certificate of an address, and refused for a name', async () => {
    await using _ = await start('address');
    await mustOpen(at('127.0.0.1', `?ssl=true&ca=${place('address-cert.pem')}`));
    expect(await refusalOf(at('localhost', `?ca=${place('address-cert.pem')}`))).toMatch(/localhost/);
  });

  test('is demanded in words where a server takes nothing else', async () => {
    await using demanding = await start('name');
    await demanding.query(`alter user ${url.username}@'%' require none`);
    await demanding.query('set global require_secure_transport = 1');
    expect(await refusalOf(at('localhost', ''))).toMatch(/TLS.*\?tls=true/);
  });
});

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((it) => it?.address === '::1');

test.skipIf(!hasIpv6)(
  'a server at an IPv6 address is reached, and its label is an address again',
  async () => {
    await using server = await startMariadb([], '::1');
    const url = await server.database('all');
    expect(url).toContain('@[::1]:');
    const store = await openStore(url);
    await store.ping();
    expect(store.label).toContain(`([::1]:${server.port}/`);
    await store.close();
  },
);
