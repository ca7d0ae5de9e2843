import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { upTo } from '../../db/testing/material.ts';
import { answerParent, readSetting } from './child.ts';
import { call } from './frames.ts';
import { bearer, post } from './wire.ts';

/** The process of a school: many honest sockets at one address, all open at the same time. */
export type CrowdSetting = { url: string; sockets: number };
export type CrowdReport = { served: number; of: number; ms: number } | { cannotRun: string };

const PEOPLE = 500;
/** How many connect at the same moment. */
const AT_ONCE = 100;
/** For so long, half of the people are strangers. */
const LATER_MS = 50;

/** Runs an act for each item, some at a time. */
async function forEach<T>(items: readonly T[], act: (item: T, i: number) => Promise<void>): Promise<void> {
  const rest = items.entries();
  const runOnce = async () => {
    for (const [i, item] of rest) await act(item, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runOnce));
}

/** An honest client: it answers pings, and asks one thing at a time. */
class Client {
  readonly socket: WebSocket;
  #onAnswer: (isRight: boolean) => void = () => {};

  /** @param token undefined for somebody without a session. */
  constructor(url: string, token: string | undefined, showsItLater: boolean) {
    const address = `${url.replace('http', 'ws')}/trpc${showsItLater ? '?connectionParams=1' : ''}`;
    this.socket = new WebSocket(address, { headers: showsItLater ? {} : bearer(token) });
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#onAnswer(false));
    this.socket.on('message', (data) => {
      if (data.toString() === 'PING') this.socket.send('PONG');
      else this.#onAnswer(data.toString().includes(token ? '"user":{"id"' : '"user":null'));
    });
  }

  /** Asks who it is. @returns whether the answer is right. */
  async ask(): Promise<boolean> {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#onAnswer = resolve;
    this.socket.send(JSON.stringify(call(1, 'query', 'session.me', undefined)));
    return promise;
  }
}

/**
 * Opens sockets, and keeps them open. Half of those with a session show it when they connect, the others a little later.
 * @param tokens those of the people; none for sockets that never say who they are.
 * @returns how many got the right answer, and still do when all are open.
 */
async function serve(url: string, count: number, tokens: string[]): Promise<number> {
  const clients: Client[] = [];
  await forEach(upTo(count), async (i) => {
    const token = tokens[i % tokens.length];
    const showsItLater = token !== undefined && i % 2 === 0;
    const client = new Client(url, token, showsItLater);
    clients.push(client);
    await once(client.socket, 'open').catch(() => {});
    if (showsItLater) {
      await sleep(LATER_MS);
      client.socket.send(JSON.stringify({ method: 'connectionParams', data: { token } }));
    }
    await client.ask();
  });
  let served = 0;
  await forEach(clients, async (client) => {
    if (await client.ask()) served += 1;
  });
  for (const { socket } of clients) socket.terminate();
  return served;
}

function openFilesLimit(): number {
  const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(soft ?? Number.POSITIVE_INFINITY);
}

async function main(): Promise<CrowdReport> {
  const { url, sockets } = await readSetting<CrowdSetting>();
  const limit = openFilesLimit();
  if (limit < sockets + 500) return { cannotRun: `this machine allows ${limit} open files (ulimit -n)` };
  const from = performance.now();
  const tokens: string[] = [];
  await forEach(upTo(PEOPLE), async (i) => {
    tokens.push((await post<{ token: string }>(url, 'session.guest', { name: `Pupil ${i}` })).token);
  });
  const people = await serve(url, sockets, tokens);
  const strangers = await serve(url, sockets, []);
  return { served: people + strangers, of: 2 * sockets, ms: performance.now() - from };
}

answerParent(await main());
