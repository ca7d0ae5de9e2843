import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from './rawClient.ts';
import { type Seat, WIRES, type WireName } from './wires.ts';

/**
 * The load runs in a process and on a core of its own. The parent calls these functions with messages (`Question`). Each
 * function ends by itself.
 */
export type Load = {
  /** Connects one subscriber for each seat, and one more client that sends. */
  connect: (to: Target, seats: Seat[]) => Promise<void>;
  /** Sends one message after the other, each when everybody has the message before. @returns messages delivered. */
  oneByOne: (forMs: number) => Promise<number>;
  /** Sends `size` messages at once, and again when everybody has them. @returns messages delivered. */
  bursts: (forMs: number, size: number) => Promise<number>;
  /** Sends at a fixed rate. @returns the milliseconds from send to delivery, for every `TIMED`-th delivery. */
  paced: (forMs: number, perSecond: number) => Promise<number[]>;
  /** Makes the first `count` subscribers stop reading. */
  stall: (count: number) => Promise<void>;
  /** Connects everybody at once, each with a cursor. @returns ms until all have the changes up to `head`, in order. */
  storm: (to: Target, seats: Seat[], cursors: number[], head: number) => Promise<number>;
  close: () => Promise<void>;
};

export type Target = { port: number; wire: WireName };
export type Question = { [K in keyof Load]: { call: K; args: Parameters<Load[K]> } }[keyof Load];
export type Answer = { value: unknown } | { error: string };

/** Typical for a chat: one sentence. */
const TEXT = 'The quick brown fox jumps over the lazy dog, and nobody in the room is surprised by it.';
/** How many clients connect at the same time. */
const CONNECTING = 50;
/** Every n-th delivery is timed. n does not divide 100 or 1,000, so the timed subscriber changes. */
const TIMED = 7;
/** A step that takes longer than this has failed. */
const TIMEOUT_MS = 30_000;

let clients: RawClient[] = [];
let stalled = 0;
let sender: { client: RawClient; send: (count: number) => void } | undefined;
let delivered = 0;
let wanted = Number.POSITIVE_INFINITY;
let onWanted = () => {};
let sentAt: number[] = [];
let latencies: number[] | undefined;

function count(client: RawClient): void {
  delivered += 1;
  if (latencies && delivered % TIMED === 0) {
    const sent = sentAt[client.received - 1];
    if (sent !== undefined) latencies.push(performance.now() - sent);
  }
  if (delivered === wanted) onWanted();
}

/** Sends `size` messages and waits until every subscriber that reads has them. */
async function sendAndWait(size: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timeout = setTimeout(
    () => reject(new Error(`${delivered} of ${wanted} messages arrived`)),
    TIMEOUT_MS,
  );
  wanted = delivered + size * (clients.length - stalled);
  onWanted = resolve;
  sender?.send(size);
  await promise;
  clearTimeout(timeout);
}

async function repeat(forMs: number, size: number): Promise<number> {
  const before = delivered;
  const until = performance.now() + forMs;
  while (performance.now() < until) await sendAndWait(size);
  return delivered - before;
}

const load: Load = {
  async connect({ port, wire: name }, seats) {
    const wire = WIRES[name];
    for (let i = 0; i < seats.length; i += CONNECTING) {
      const some = seats
        .slice(i, i + CONNECTING)
        .map((seat) => new RawClient({ port, wire, seat, onMessage: count }));
      clients.push(...some);
      await Promise.all(some.map(({ joined }) => joined));
    }
    const [seat] = seats as [Seat];
    const client = new RawClient({ port, wire, seat, onMessage: () => {} });
    await client.joined;
    sender = {
      client,
      send: (size) => client.send(Array.from({ length: size }, () => wire.sendText(TEXT, seat))),
    };
  },

  oneByOne: (forMs) => repeat(forMs, 1),
  bursts: (forMs, size) => repeat(forMs, size),

  async paced(forMs, perSecond) {
    const earlier = clients[0]?.received ?? 0;
    sentAt = Array.from({ length: earlier });
    latencies = [];
    const from = performance.now();
    const total = Math.round((forMs * perSecond) / 1_000);
    const due = delivered + total * clients.length;
    for (let i = 0; i < total; i += 1) {
      await sleep(Math.max(0, from + (i * 1_000) / perSecond - performance.now()));
      sentAt.push(performance.now());
      sender?.send(1);
    }
    for (const deadline = performance.now() + TIMEOUT_MS; delivered < due; ) {
      if (performance.now() > deadline) throw new Error(`${delivered} of ${due} messages arrived`);
      await sleep(5);
    }
    const measured = latencies;
    latencies = undefined;
    return measured;
  },

  async stall(subscribers) {
    stalled = subscribers;
    for (const client of clients.slice(0, subscribers)) client.stall();
  },

  async storm({ port, wire: name }, seats, cursors, head) {
    const wire = WIRES[name];
    const from = performance.now();
    const arrivals = seats.map((seat, i) => {
      const arrival = Promise.withResolvers<void>();
      let seen = cursors[i] as number;
      const onMessage = (_: RawClient, payload: Buffer) => {
        const rev = Number(/"data":\{"id":"(\d+)"/.exec(payload.toString('latin1', 0, 80))?.[1]);
        if (rev !== seen + 1) arrival.reject(new Error(`rev ${rev} after ${seen}`));
        seen = rev;
        if (seen === head) arrival.resolve();
      };
      const client = new RawClient({ port, wire, seat, cursor: String(seen), onMessage });
      client.joined.catch(arrival.reject);
      clients.push(client);
      return arrival.promise;
    });
    const timeout = sleep(TIMEOUT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`not everybody has caught up after ${TIMEOUT_MS} ms`);
    });
    await Promise.race([Promise.all(arrivals), timeout]);
    return performance.now() - from;
  },

  async close() {
    for (const client of clients) client.close();
    sender?.client.close();
    clients = [];
    stalled = 0;
    delivered = 0;
  },
};

process.on('message', async ({ call, args }: Question) => {
  try {
    const value = await (load[call] as (...args: unknown[]) => Promise<unknown>)(...args);
    process.send?.({ value } satisfies Answer);
  } catch (error) {
    process.send?.({ error: String(error) } satisfies Answer);
  }
});
process.once('disconnect', () => process.exit(0));
