import { randomInt, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Message, User } from '../../contract/types.ts';
import { openSqlite } from '../../db/sqlite/store.ts';
import type { Store } from '../../db/store.ts';
import { addPerson, addRoom, appending, typed, upTo } from '../../db/testing/material.ts';
import { settled } from '../../testing/settled.ts';
import { createTestOutlet } from '../../testing/testOutlet.ts';
import { createUnreliableBus } from '../../testing/unreliableBus.ts';
import { Visit } from '../../testing/visit.ts';
import type { Outlet } from '../flow/outlet.ts';
import { Turns } from '../flow/turns.ts';
import type { Delivery } from './delivery.ts';
import { createFeeds } from './feeds.ts';
import { createWriter } from './writer.ts';

/**
 * Invariant 2 of the design: "Every subscriber sees every change of a room, in rev order, none twice, over reconnects".
 * Random scripts check it, with a bus that loses, repeats and reorders hints and a database whose answers come late.
 *
 * Each run draws a new seed and prints it. Repeat a run with `SEED=… npx vitest run server/chat/delivery`.
 */
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
console.info(`server/chat/delivery.test.ts: SEED=${SEED}`);

const SUBSCRIBERS = 3;
const SWEEP_MS = 2_000;

const subscriber = fc.nat(SUBSCRIBERS - 1);
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('react' as const), to: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), at: fc.nat(9), again: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), at: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'unstall' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('come' as const),
      who: subscriber,
      cursor: fc.constantFrom('none', 'zero', 'middle', 'head', 'future', 'garbage'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), who: subscriber }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), who: subscriber }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('block' as const, 'unblock' as const), who: subscriber }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

let store: Store;
let author: User;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  store = await openSqlite(':memory:');
  author = await addPerson(store);
});
afterAll(async () => {
  vi.useRealTimers();
  await store.close();
});

test('every subscriber sees every change once, in rev order, whatever the bus and the database’s timing do', async () => {
  const scripts = fc.array(fc.tuple(anyStep, fc.boolean()), { minLength: 5, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const run = await openRun();
      for (const [step, isFollowedByPause] of script) {
        run.act(step);
        if (isFollowedByPause) await settled();
      }
      await run.finish();
    }),
    { numRuns: 150, seed: SEED },
  );
});

/** One room with its subscribers, for one script. */
async function openRun() {
  const bus = createUnreliableBus();
  const gate = createGate();
  const writer = createWriter(store, bus);
  const slowStore = {
    ...store,
    heads: async (ids: string[]) => gate.pass(await store.heads(ids)),
    changesAfter: async (...args: Parameters<Store['changesAfter']>) =>
      gate.pass(await store.changesAfter(...args)),
  };
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const feeds = createFeeds({
    process: randomUUID(),
    store: slowStore,
    bus,
    watch: () => () => {},
    turns: new Turns(),
    log,
  });
  const roomId = await addRoom(store, author);
  const sent: Promise<Message>[] = [];
  const ids: string[] = [];
  // The first guest asks for each delivery with `next`. The others have an outlet.
  const guests = upTo(SUBSCRIBERS).map((i) =>
    createGuest(i > 1, (cursor, outlet) => feeds.subscribe({ user: author, roomId, cursor, outlet })),
  );

  const act = (step: Step): void => {
    switch (step.do) {
      case 'append':
        for (const _ of upTo(step.count)) {
          const message = typed(roomId, author);
          ids.push(message.id);
          sent.push(writer.write(appending(message)));
        }
        break;
      case 'react': {
        const messageId = ids[step.to % ids.length];
        // Each reaction differs from the last one, so that it is a change.
        const emoji = `${sent.length % 20}`;
        const react = { type: 'react', roomId, by: author.id, emoji, on: sent.length % 40 < 20 } as const;
        if (messageId) sent.push(writer.write({ ...react, messageId }));
        break;
      }
      case 'deliver':
        bus.deliver(step.at, step.again);
        break;
      case 'lose':
        bus.lose(step.at);
        break;
      case 'sweep':
        vi.advanceTimersByTime(SWEEP_MS);
        break;
      case 'stall':
        gate.shut();
        break;
      case 'unstall':
        gate.open();
        break;
      default: {
        const guest = guests[step.who];
        if (step.do === 'come') guest?.come(step.cursor, sent.length);
        else guest?.[step.do]();
      }
    }
  };

  const finish = async () => {
    gate.open();
    for (const guest of guests) guest.unblock();
    const changes = new Map((await Promise.all(sent)).map(({ rev, id }) => [rev, id]));
    while (bus.held() > 0) bus.lose(0);
    for (const guest of guests) guest.read();
    await settled();
    vi.advanceTimersByTime(SWEEP_MS);
    await settled();
    for (const guest of guests) await guest.expectAll(changes);
    for (const guest of guests) await guest.leave();
    feeds.close();
    expect(log.warn).not.toHaveBeenCalled();
  };
  return { act, finish };
}

/** A user who comes, reads, leaves, and comes back with the cursor of the last delivery. */
function createGuest(
  hasOutlet: boolean,
  subscribe: (cursor?: string, outlet?: Outlet<Delivery>) => Promise<Visit['subscription']>,
) {
  const reader = createTestOutlet<Delivery>();
  const visitFrom = async (cursor: string | undefined) => {
    const deliveries: Delivery[] = [];
    // The reader is the prototype and not copied, so that `isBusy` is read anew each time.
    const outlet: Outlet<Delivery> = Object.create(reader, {
      write: { value: (items: readonly Delivery[]) => void deliveries.push(...items) },
    });
    return new Visit(await subscribe(cursor, hasOutlet ? outlet : undefined), deliveries);
  };
  const visits: { cursor: string; visit: Promise<Visit> }[] = [];
  let isPresent = false;
  /** The guest does one thing after the other. */
  let lastAction: Promise<unknown> = Promise.resolve();
  const then = (act: () => Promise<unknown>) => {
    lastAction = lastAction.then(act);
  };
  const latest = () => visits.at(-1)?.visit;

  return {
    come(kind: string, head: number) {
      if (isPresent) return;
      isPresent = true;
      const cursors: Record<string, string | undefined> = {
        zero: '0',
        middle: String(Math.floor(head / 2)),
        head: String(head),
        future: String(head + 1_000),
        garbage: '12x',
      };
      then(async () => {
        const cursor = (await latest())?.cursor ?? cursors[kind];
        visits.push({ cursor: cursor ?? 'now', visit: visitFrom(cursor) });
        await latest();
      });
    },
    block: () => reader.block(),
    unblock: () => reader.unblock(),
    read: () => then(async () => void (await latest())?.read()),
    leave() {
      isPresent = false;
      then(async () => (await latest())?.leave());
      return lastAction;
    },
    async expectAll(changes: Changes) {
      await lastAction;
      for (const [i, { cursor, visit }] of visits.entries()) {
        expectContinuous(cursor, await visit, changes, i === visits.length - 1 && isPresent);
      }
    },
  };
}

/** The id of the message that each rev changed. */
type Changes = Map<number, string>;

/**
 * The deliveries of a visit go on from its cursor without a gap and in order. They reach the last change if the guest
 * stayed to the end. A change may be missing if a later one of the same message replaced it: a replay holds the latest
 * state of each message.
 */
function expectContinuous(cursor: string, visit: Visit, changes: Changes, stayedToEnd: boolean): void {
  const { deliveries, revs } = visit;
  const reset = visit.events.find((event) => event.type === 'reset');
  const from = reset?.rev ?? (cursor === 'now' ? startOf(deliveries) : Number(cursor));
  const head = Math.max(0, ...changes.keys());
  const to = stayedToEnd ? head : (revs.at(-1) ?? from);
  const lastRevs = new Map([...changes].sort(([a], [b]) => a - b).map(([rev, id]) => [id, rev]));
  const expected = [...changes].filter(([rev, id]) => rev > from && rev <= to && lastRevs.get(id) === rev);
  const seen = new Set(revs);
  expect(
    expected.filter(([rev]) => !seen.has(rev)),
    `missing after cursor ${cursor}`,
  ).toEqual([]);
  expect(revs.filter((rev, i) => rev <= (revs[i - 1] ?? from))).toEqual([]);
  const cursors = deliveries.map(({ cursor }) => cursor);
  expect(cursors).toEqual([...cursors].sort((a, b) => a - b));
}

/** The rev at which a visit without a cursor began: just before its first message, or the cursor of its first signal. */
function startOf([first]: Delivery[]): number {
  if (!first) return 0;
  return first.event.type === 'message' ? first.cursor - 1 : first.cursor;
}

/** Delays answers of the database while it is shut. The answers keep the state of the time when they were read. */
function createGate() {
  let opening: PromiseWithResolvers<void> | undefined;
  return {
    shut() {
      opening ??= Promise.withResolvers();
    },
    open() {
      opening?.resolve();
      opening = undefined;
    },
    async pass<T>(answer: T): Promise<T> {
      await opening?.promise;
      return answer;
    },
  };
}
