import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { searchMessages } from '../../server/chat/search.ts';
import {
  findMysqlHome,
  type MysqlServer,
  startMariadb,
  startOracleMysql,
} from '../../testing/mysqlServers.ts';
import { openStore } from '../open.ts';
import { addPerson, addRoom, append, kept, PATIENT, typed, upTo } from '../testing/material.ts';
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

  test('an upgrade that was killed half-way goes on at the next start, and folds all texts and room names', async () => {
    const url = await server.database();
    const first = await openStore(url);
    const ada = await addPerson(first);
    const room = await addRoom(first, ada, { name: 'Straße' });
    const texts = upTo(250).map((i) => typed(room, ada, { text: `ＨＥＬＬＯ ${i}` }));
    await append(first, texts);
    await first.close();
    const name = url.split('/').at(-1);
    await server.query(`update ${name}.messages set folded = null where seq > 120`);
    await server.query(`update ${name}.chat_rooms set folded_name = 'straße'`);
    await server.query(`drop index messages_room_id_id_index on ${name}.messages`);
    await server.query(`delete from ${name}.mikro_orm_migrations where name = '005-folded-search'`);

    const again = await openStore(url);
    for (const roomId of [room, undefined]) {
      const { items } = await searchMessages(again, ada.id, { roomId, query: 'hello', limit: 300 }, PATIENT);
      expect(items.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(upTo(250));
    }
    expect(await again.listRooms(ada.id, { search: 'STRASSE', limit: 5 })).toHaveLength(1);
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
