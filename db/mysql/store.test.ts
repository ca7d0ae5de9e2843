import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findMysqlHome,
  type MysqlServer,
  startMariadb,
  startOracleMysql,
} from '../../testing/mysqlServers.ts';
import { openStore } from '../open.ts';
import { addPerson, addRoom, append, kept, typed, upTo } from '../testing/material.ts';
import { describeStore } from '../testing/storeContract.ts';

const home = findMysqlHome();

const SERVERS: [string, boolean, () => Promise<MysqlServer>][] = [
  ['MariaDB', true, startMariadb],
  ['Oracle MySQL', home !== undefined, () => startOracleMysql(home ?? '')],
];

describe.each(SERVERS.filter(([, isHere]) => isHere))('%s', (name, _, start) => {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeStore(name, async () => openStore(await server.database()));

  test('stores that open together migrate once; a store that is opened again has all data', async () => {
    const url = await server.database();
    const stores = await Promise.all(upTo(3).map(() => openStore(url)));
    const [first] = stores as [(typeof stores)[0]];
    const ada = await addPerson(first);
    const room = await addRoom(first, ada);
    const before = kept(await append(first, [typed(room, ada), typed(room, ada)]));
    await Promise.all(stores.map((store) => store.close()));
    const again = await openStore(url);
    expect(await again.listMessages(room, { limit: 10 })).toEqual(before);
    expect(again.label).toMatch(new RegExp(`^${name.replace('Oracle ', '')} \\d+\\.\\d+`));
    expect(again.label).not.toContain('root');
    await again.close();
  });

  test('calls fail with a retryable error while the server is down, and work once it is back', async () => {
    const store = await openStore(await server.database());
    const ada = await addPerson(store);
    const room = await addRoom(store, ada);
    const sent = typed(room, ada);
    const [first] = kept(await append(store, [sent]));
    await server.kill();
    const away = { reason: 'store_unavailable', retryable: true };
    await expect(append(store, [typed(room, ada)])).rejects.toMatchObject(away);
    await expect(store.ping()).rejects.toMatchObject(away);
    await server.start();
    expect(kept(await append(store, [sent, typed(room, ada)])).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await store.findMessage(room, sent.id)).toEqual(first);
    await store.close();
  });
});
