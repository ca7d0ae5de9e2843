import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { upTo } from '../../db/testing/material.ts';
import { answerParent, readSetting } from './child.ts';
import { call } from './frames.ts';
import { bearer, post } from './wire.ts';

/** The process of the honest people. Its first answer is the room that they share, the others are what they felt. */
export type HonestSetting = { url: string };
export type HonestReport = {
  busyRoomId: string;
  /** For each message since the last report, milliseconds from send to ack. An unanswered one counts with its wait. */
  sends: number[];
  /** Messages that the server refused, or that were lost with a connection. */
  failed: number;
};

const PEOPLE = 6;
const EVERY_MS = 100;

let sends: number[] = [];
let failed = 0;

/** Somebody who listens to a room and sends a message every 100 ms, also if the last one is not acked yet. */
class Person {
  readonly #url: string;
  readonly #token: string;
  readonly #roomId: string;
  readonly #sentAt = new Map<number, number>();
  #socket: WebSocket | undefined;
  #lastId = 0;

  constructor(url: string, token: string, roomId: string) {
    this.#url = url;
    this.#token = token;
    this.#roomId = roomId;
    this.#connect();
    setInterval(() => this.#send(), EVERY_MS);
  }

  /** The waits of the messages that have no ack yet. Each is told once. */
  takeUnanswered(): number[] {
    const now = performance.now();
    const waits = [...this.#sentAt.values()].map((at) => now - at);
    this.#sentAt.clear();
    return waits;
  }

  #connect(): void {
    const address = `${this.#url.replace('http', 'ws')}/trpc`;
    const socket = new WebSocket(address, { headers: bearer(this.#token) });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.send(JSON.stringify(call('live', 'subscription', 'messages.live', { roomId: this.#roomId })));
    });
    socket.on('message', (data) => this.#read(data.toString()));
    socket.on('close', () => {
      failed += this.#sentAt.size;
      this.#sentAt.clear();
      this.#connect();
    });
  }

  #send(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const id = ++this.#lastId;
    this.#sentAt.set(id, performance.now());
    const input = { roomId: this.#roomId, clientId: randomUUID(), text: `hello ${id}` };
    this.#socket.send(JSON.stringify(call(id, 'mutation', 'messages.send', input)));
  }

  #read(frame: string): void {
    if (frame === 'PING') {
      this.#socket?.send('PONG');
      return;
    }
    const { id, error } = JSON.parse(frame) as { id: number; error?: object };
    const sentAt = this.#sentAt.get(id);
    if (sentAt === undefined) return;
    this.#sentAt.delete(id);
    if (error) failed += 1;
    else sends.push(performance.now() - sentAt);
  }
}

async function main(): Promise<void> {
  const { url } = await readSetting<HonestSetting>();
  const tokens = await Promise.all(
    upTo(PEOPLE).map(
      async (i) => (await post<{ token: string }>(url, 'session.guest', { name: `Ada ${i}` })).token,
    ),
  );
  const rooms = await Promise.all(
    ['Busy', 'Quiet'].map(
      async (name) => (await post<{ id: string }>(url, 'rooms.create', { name }, tokens[0])).id,
    ),
  );
  const [busyRoomId, quietRoomId] = rooms as [string, string];
  const people: Person[] = [];
  for (const [i, token] of tokens.entries()) {
    const roomId = i % 3 === 0 ? quietRoomId : busyRoomId;
    await post(url, 'rooms.join', { roomId }, token);
    people.push(new Person(url, token, roomId));
  }
  const report = () => {
    const waits = people.flatMap((person) => person.takeUnanswered());
    answerParent({ busyRoomId, sends: [...sends, ...waits], failed });
    sends = [];
    failed = 0;
  };
  report();
  process.on('message', report);
}

await main();
