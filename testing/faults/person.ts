import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, createWSClient, httpLink, type TRPCClient, wsLink } from '@trpc/client';
import type { Message, RoomEvent } from '../../contract/types.ts';
import type { Random } from '../../server/transcriber/testing/random.ts';
import type { AppRouter } from '../../server/trpc/router.ts';

/** What one person was told, in the order in which it came. */
export type View = {
  person: string;
  roomId: string;
  messages: Message[];
  resets: number;
};

/** What the server has promised to keep: the answer to a call. */
export type Ack = { roomId: string; clientId: string; text: string; message: Message };

export type Person = {
  /** Says things for as long as `signal` allows, and does not stop before all of it is acked. */
  talk: (roomIds: string[], signal: AbortSignal) => Promise<void>;
  acks: Ack[];
  views: View[];
  /** How many calls had to be made again. */
  repeats: () => number;
  leave: () => Promise<void>;
};

type Client = TRPCClient<AppRouter>;

const CALL_MS = 8_000;
const AGAIN_MS = 100;
const PAUSE_MS = [5, 60] as const;
/** Of ten messages so many are sent a second time although they were acked, are edited, removed, reacted to. */
const REPEATED = 0.3;
const AMENDED = 0.2;

/**
 * Somebody with nothing but the stock client: it reconnects, to any of the servers, and comes back with its cursor. A
 * call that fails is made again until it is answered; whatever is said is said under one `clientId`.
 * @param addresses where the servers can be reached.
 */
export async function enterPerson(name: string, addresses: string[], random: Random): Promise<Person> {
  const token = await insist(() => guest(random.pick(addresses), name));
  const socket = createWSClient({
    url: () => `${random.pick(addresses).replace(/^http/, 'ws')}/trpc`,
    connectionParams: { token },
    retryDelayMs: () => random.between(20, 200),
  });
  const trpc: Client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] });
  const acks: Ack[] = [];
  const views: View[] = [];
  const stops: (() => void)[] = [];
  let repeats = 0;

  const call = <T>(make: (signal: AbortSignal) => Promise<T>) =>
    insist(
      () => make(AbortSignal.timeout(CALL_MS)),
      () => {
        repeats += 1;
      },
    );

  const say = async (roomId: string, text: string) => {
    const input = { roomId, clientId: randomUUID(), text };
    const send = () => call((signal) => trpc.messages.send.mutate(input, { signal }));
    // The same at the same time, as a client would that lost patience.
    const twice = random.next() < REPEATED ? [send(), send()] : [send()];
    const [message] = (await Promise.all(twice)) as [Message];
    acks.push({ ...input, message });
    if (random.next() < AMENDED) await amend(message);
  };

  const amend = async ({ roomId, id: messageId, text }: Message) => {
    const place = { roomId, messageId };
    const { messages } = trpc;
    await random.pick([
      () => call((signal) => messages.edit.mutate({ ...place, text: `${text}, edited` }, { signal })),
      () => call((signal) => messages.react.mutate({ ...place, emoji: '👍' }, { signal })),
      () => call((signal) => messages.remove.mutate(place, { signal })),
    ])();
  };

  return {
    acks,
    views,
    repeats: () => repeats,
    async talk(roomIds, signal) {
      for (const roomId of roomIds) {
        await call((patience) => trpc.rooms.join.mutate({ roomId }, { signal: patience }));
        const view: View = { person: name, roomId, messages: [], resets: 0 };
        views.push(view);
        stops.push(watch(trpc, view));
      }
      for (let i = 1; !signal.aborted; i += 1) {
        await say(random.pick(roomIds), `${name} says ${i}`);
        await sleep(random.between(...PAUSE_MS));
      }
    },
    async leave() {
      for (const stop of stops) stop();
      await socket.close();
    },
  };
}

async function guest(address: string, name: string): Promise<string> {
  const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc` })] });
  const { token } = await trpc.session.guest.mutate({ name }, { signal: AbortSignal.timeout(CALL_MS) });
  return token;
}

/** Until it works: everything that can go wrong here heals. */
async function insist<T>(attempt: () => Promise<T>, onFailure: () => void = () => {}): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      onFailure();
      await sleep(AGAIN_MS);
    }
  }
}

/** Follows the room from its beginning. The stock client resumes after a lost socket; after an error, we do. */
function watch(trpc: Client, view: View): () => void {
  let lastEventId = '0';
  let stopped = false;
  let current: { unsubscribe: () => void } | undefined;
  const begin = () => {
    if (stopped) return;
    current = trpc.messages.live.subscribe(
      { roomId: view.roomId, lastEventId },
      {
        onData(event) {
          const { id, data } = event as unknown as { id: string; data: RoomEvent };
          lastEventId = id;
          if (data.type === 'message') view.messages.push(data.message);
          if (data.type === 'reset') view.resets += 1;
        },
        onError: () => setTimeout(begin, AGAIN_MS),
      },
    );
  };
  begin();
  return () => {
    stopped = true;
    current?.unsubscribe();
  };
}
