import { randomUUID } from 'node:crypto';
import type { Message, User } from '../contract/types.ts';
import { openSqlite } from '../db/sqlite/store.ts';
import type { Store } from '../db/store.ts';
import { addPerson, addRoom, appending, typed } from '../db/testing/material.ts';
import { type Access, createAccess } from '../server/chat/access.ts';
import { createFeeds, type Feeds } from '../server/chat/feeds.ts';
import { createMemberWatch, type MemberWatch } from '../server/chat/memberWatch.ts';
import { createMessages, type Messages } from '../server/chat/messages.ts';
import { createRooms, type Rooms } from '../server/chat/rooms.ts';
import { createWriter, type Writer } from '../server/chat/writer.ts';
import { Turns } from '../server/flow/turns.ts';
import type { Log } from '../server/log.ts';
import { type CountedBus, createCountedBus } from './countedBus.ts';
import { createNotedLog, type NotedLog } from './notedLog.ts';
import { Visit } from './visit.ts';

export type ChatScene = AsyncDisposable & {
  store: Store;
  bus: CountedBus;
  log: NotedLog & Log;
  access: Access;
  writer: Writer;
  memberWatch: MemberWatch;
  turns: Turns;
  feeds: Feeds;
  rooms: Rooms;
  messages: Messages;
  ada: User;
  ben: User;
  /** A public room that Ada owns and Ben has joined. */
  roomId: string;
  say: (author: User, text: string) => Promise<Message>;
  visit: (user: User, cursor?: string) => Promise<Visit>;
};

/** Opens the chat domain over a real store in memory. `alter` may replace methods of the store. */
export async function openChat(alter: (store: Store) => Partial<Store> = () => ({})): Promise<ChatScene> {
  const real = await openSqlite(':memory:');
  const store = { ...real, ...alter(real) };
  const bus = createCountedBus();
  const log = createNotedLog();
  const writer = createWriter(store, bus);
  const access = createAccess(store);
  const { watch, close: endWatch } = createMemberWatch(store, log);
  const turns = new Turns();
  const feeds = createFeeds({ process: randomUUID(), store, bus, watch, turns, log });
  const messages = createMessages(store, writer, feeds, access);
  const [ada, ben] = [await addPerson(real, 'Ada'), await addPerson(real, 'Ben')];
  const roomId = await addRoom(real, ada);
  await real.addMember(roomId, ben.id, new Date());
  return {
    ...{ store, bus, log, access, writer, feeds, messages, ada, ben, roomId, memberWatch: watch, turns },
    rooms: createRooms(store, bus, access),
    say: (author, text) => writer.write(appending(typed(roomId, author, { text }))),
    visit: async (user, cursor) => new Visit(await messages.live(user, { roomId, cursor })),
    async [Symbol.asyncDispose]() {
      feeds.close();
      endWatch();
      await real.close();
    },
  };
}
