import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, createWSClient, httpLink, type TRPCClient, wsLink } from '@trpc/client';
import type { Message, User } from '../../contract/types.ts';
import type { Random } from '../../server/transcriber/testing/random.ts';
import type { AppRouter } from '../../server/trpc/router.ts';
import { openPage, type Page } from './page.ts';

/** A message that the server has acked: it has promised to keep the message. */
export type Ack = { roomId: string; clientId: string; text: string; message: Message };

export type Person = {
  user: User;
  /** Sends messages until `signal` aborts. Resolves when all of them are acked. */
  talk: (roomIds: string[], signal: AbortSignal) => Promise<void>;
  acks: Ack[];
  /** The rooms that the person has open. */
  pages: Page[];
  /** How many calls failed and were made again. */
  repeats: () => number;
  leave: () => Promise<void>;
};

type Client = TRPCClient<AppRouter>;

const CALL_TIMEOUT_MS = 8_000;
const BACKOFF_MS = 100;
/** Between two messages of one person. */
const PAUSE_MS = [5, 60] as const;
/** The share of messages that are sent twice at the same time. */
const SENT_TWICE = 0.3;
/** The share of messages that are edited, removed or reacted to. */
const CHANGED = 0.2;

export type PersonOptions = {
  name: string;
  /** The URLs of all servers. */
  addresses: string[];
  random: Random;
  onAck: () => void;
};

/**
 * Lets a person enter who uses the stock client only. The client reconnects to any of the servers and comes back with its
 * cursor. A call that fails is made again until it succeeds. Repeated sends of one message have the same `clientId`.
 */
export async function enterPerson({ name, addresses, random, onAck }: PersonOptions): Promise<Person> {
  const { token, user } = await retry(() => guest(random.pick(addresses), name));
  const { socket, trpc } = connect(token, addresses, random);
  const acks: Ack[] = [];
  const pages: Page[] = [];
  let repeats = 0;

  const onFailure = () => {
    repeats += 1;
  };
  const call: Call = (make) => retry(() => make(AbortSignal.timeout(CALL_TIMEOUT_MS)), onFailure);

  const join = async (roomId: string) => {
    await call((timeout) => trpc.rooms.join.mutate({ roomId }, { signal: timeout }));
    pages.push(openPage(trpc, name, roomId));
  };

  return {
    user,
    acks,
    pages,
    repeats: () => repeats,
    async talk(roomIds, signal) {
      for (const roomId of roomIds) await join(roomId);
      for (let i = 1; !signal.aborted; i += 1) {
        const ack = await send({ trpc, call, random }, random.pick(roomIds), `${name} says ${i}`);
        acks.push(ack);
        onAck();
        if (random.next() < CHANGED) await change({ trpc, call, random }, ack.message);
        await sleep(random.between(...PAUSE_MS));
      }
    },
    async leave() {
      for (const page of pages) page.close();
      await socket.close();
    },
  };
}

/** Makes a call, and makes it again until it succeeds. */
type Call = <T>(make: (signal: AbortSignal) => Promise<T>) => Promise<T>;

type Caller = { trpc: Client; call: Call; random: Random };

async function send({ trpc, call, random }: Caller, roomId: string, text: string): Promise<Ack> {
  const input = { roomId, clientId: randomUUID(), text };
  const attempt = () => call((signal) => trpc.messages.send.mutate(input, { signal }));
  // An impatient client sends again while its first call is still running.
  const attempts = random.next() < SENT_TWICE ? [attempt(), attempt()] : [attempt()];
  const [message] = (await Promise.all(attempts)) as [Message];
  return { ...input, message };
}

/** Edits, removes or reacts to a message. */
async function change({ trpc, call, random }: Caller, { roomId, id, text }: Message): Promise<void> {
  const target = { roomId, messageId: id };
  const { messages } = trpc;
  await random.pick([
    () => call((signal) => messages.edit.mutate({ ...target, text: `${text}, edited` }, { signal })),
    () => call((signal) => messages.react.mutate({ ...target, emoji: '👍' }, { signal })),
    () => call((signal) => messages.remove.mutate(target, { signal })),
  ])();
}

function connect(token: string, addresses: string[], random: Random) {
  const socket = createWSClient({
    url: () => `${random.pick(addresses).replace(/^http/, 'ws')}/trpc`,
    connectionParams: { token },
    retryDelayMs: () => random.between(20, 200),
  });
  const trpc: Client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] });
  return { socket, trpc };
}

/** Makes a session for a guest. @throws if the server does not answer in time. */
export function guest(address: string, name: string): Promise<{ token: string; user: User }> {
  const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc` })] });
  return trpc.session.guest.mutate({ name }, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
}

/** Tries until it works. Every fault of this suite is repaired, so it works in the end. */
export async function retry<T>(attempt: () => Promise<T>, onFailure: () => void = () => {}): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      onFailure();
      await sleep(BACKOFF_MS);
    }
  }
}
