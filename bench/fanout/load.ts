import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from './rawClient.ts';
import { type Seat, WIRES, type WireName } from './wires.ts';

/**
 * The load, in a process of its own on a core of its own: `call` makes one of these run there. Every one of them ends
 * by itself.
 */
export type Load = {
  /** Connects one subscriber for each seat, and one more who speaks. */
  connect: (to: Place, seats: Seat[]) => Promise<void>;
  /** One message after the other, each when everybody has the one before. @returns messages delivered. */
  oneByOne: (forMs: number) => Promise<number>;
  /** So many messages at once, and again when everybody has them. @returns messages delivered. */
  bursts: (forMs: number, size: number) => Promise<number>;
  /** So many messages a second. @returns the milliseconds from being sent to being delivered, of every n-th delivery. */
  paced: (forMs: number, perSecond: number) => Promise<number[]>;
  /** The first so many subscribers read nothing more. */
  stall: (count: number) => Promise<void>;
  /** Everybody connects at once, each with a cursor. @returns ms until the last has seen all up to `head`, in order. */
  storm: (to: Place, seats: Seat[], cursors: number[], head: number) => Promise<number>;
  close: () => Promise<void>;
};

export type Place = { port: number; wire: WireName };
export type Question = { [K in keyof Load]: { call: K; args: Parameters<Load[K]> } }[keyof Load];
export type Answer = { value: unknown } | { error: string };

/** As long as a sentence. */
const TEXT = 'The quick brown fox jumps over the lazy dog, and nobody in the room is surprised by it.';
const AT_A_TIME = 50;
/** Every n-th delivery is timed. Prime to the number of subscribers, so that it is another one of each message. */
const TIMED = 7;
/** Whatever takes longer has failed. */
const PATIENCE_MS = 30_000;

let clients: RawClient[] = [];
let stalled = 0;
let speaker: { client: RawClient; say: (count: number) => void } | undefined;
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

/** Says so many things and waits until everybody has heard them. */
async function sayAndWait(size: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const patience = setTimeout(() => reject(new Error(`heard ${delivered} of ${wanted}`)), PATIENCE_MS);
  wanted = delivered + size * (clients.length - stalled);
  onWanted = resolve;
  speaker?.say(size);
  await promise;
  clearTimeout(patience);
}

async function repeat(forMs: number, size: number): Promise<number> {
  const before = delivered;
  const until = performance.now() + forMs;
  while (performance.now() < until) await sayAndWait(size);
  return delivered - before;
}

const load: Load = {
  async connect({ port, wire: name }, seats) {
    const wire = WIRES[name];
    for (let i = 0; i < seats.length; i += AT_A_TIME) {
      const some = seats
        .slice(i, i + AT_A_TIME)
        .map((seat) => new RawClient({ port, wire, seat, onMessage: count }));
      clients.push(...some);
      await Promise.all(some.map(({ joined }) => joined));
    }
    const [seat] = seats as [Seat];
    const client = new RawClient({ port, wire, seat, onMessage: () => {} });
    await client.joined;
    speaker = {
      client,
      say: (size) => client.send(Array.from({ length: size }, () => wire.say(TEXT, seat))),
    };
  },

  oneByOne: (forMs) => repeat(forMs, 1),
  bursts: (forMs, size) => repeat(forMs, size),

  async paced(forMs, perSecond) {
    const heard = clients[0]?.received ?? 0;
    sentAt = Array.from({ length: heard });
    latencies = [];
    const from = performance.now();
    const total = Math.round((forMs * perSecond) / 1_000);
    const due = delivered + total * clients.length;
    for (let i = 0; i < total; i += 1) {
      await sleep(Math.max(0, from + (i * 1_000) / perSecond - performance.now()));
      sentAt.push(performance.now());
      speaker?.say(1);
    }
    for (const giveUp = performance.now() + PATIENCE_MS; delivered < due; ) {
      if (performance.now() > giveUp) throw new Error(`heard ${delivered} of ${due}`);
      await sleep(5);
    }
    const measured = latencies;
    latencies = undefined;
    return measured;
  },

  async stall(howMany) {
    stalled = howMany;
    for (const client of clients.slice(0, howMany)) client.stall();
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
    const patience = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error('the storm does not end');
    });
    await Promise.race([Promise.all(arrivals), patience]);
    return performance.now() - from;
  },

  async close() {
    for (const client of clients) client.close();
    speaker?.client.close();
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
