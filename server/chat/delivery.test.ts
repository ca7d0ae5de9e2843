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
 * "Every subscriber sees every change of a room, in rev order, none twice, over reconnects" (design, invariant 2),
 * while the bus and the timing of the database's answers are as bad as they may be.
 */
const SUBSCRIBERS = 3;
const SWEEP_MS = 2_000;

const subscriber = fc.nat(SUBSCRIBERS - 1);
const step = fc.oneof(
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
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

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

test('every subscriber sees every change once, in order, whatever the bus and the clock do', async () => {
  const scripts = fc.array(fc.tuple(step, fc.boolean()), { minLength: 5, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const play = await openPlay();
      for (const [next, pause] of script) {
        play.act(next);
        if (pause) await settled();
      }
      await play.finish();
    }),
    { numRuns: 150, seed: 1 },
  );
});

/** One room with its audience. */
async function openPlay() {
  const bus = createUnreliableBus();
  const stall = createStall();
  const writer = createWriter(store, bus);
  const slowStore = {
    ...store,
    heads: async (ids: string[]) => stall.pass(await store.heads(ids)),
    changesAfter: async (...args: Parameters<Store['changesAfter']>) =>
      stall.pass(await store.changesAfter(...args)),
  };
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const feeds = createFeeds({ store: slowStore, bus, watch: () => () => {}, turns: new Turns(), log });
  const roomId = await addRoom(store, author);
  const sent: Promise<Message>[] = [];
  const ids: string[] = [];
  // The first asks for every delivery, the others' are written to them.
  const audience = upTo(SUBSCRIBERS).map((i) =>
    createGuest(i > 1, (cursor, outlet) => feeds.subscribe({ user: author, roomId, cursor, outlet })),
  );

  const act = (next: Step): void => {
    switch (next.do) {
      case 'append':
        for (const _ of upTo(next.count)) {
          const message = typed(roomId, author);
          ids.push(message.id);
          sent.push(writer.write(appending(message)));
        }
        break;
      case 'react': {
        const messageId = ids[next.to % ids.length];
        // Another one each time, so that it is a change.
        const emoji = `${sent.length % 20}`;
        const react = { type: 'react', roomId, by: author.id, emoji, on: sent.length % 40 < 20 } as const;
        if (messageId) sent.push(writer.write({ ...react, messageId }));
        break;
      }
      case 'deliver':
        bus.deliver(next.at, next.again);
        break;
      case 'lose':
        bus.lose(next.at);
        break;
      case 'sweep':
        vi.advanceTimersByTime(SWEEP_MS);
        break;
      case 'stall':
        stall.begin();
        break;
      case 'unstall':
        stall.end();
        break;
      default: {
        const guest = audience[next.who];
        if (next.do === 'come') guest?.come(next.cursor, sent.length);
        else guest?.[next.do]();
      }
    }
  };

  const finish = async () => {
    stall.end();
    for (const guest of audience) guest.unblock();
    const changes = new Map((await Promise.all(sent)).map(({ rev, id }) => [rev, id]));
    while (bus.held() > 0) bus.lose(0);
    for (const guest of audience) guest.read();
    await settled();
    vi.advanceTimersByTime(SWEEP_MS);
    await settled();
    for (const guest of audience) await guest.expectAll(changes);
    for (const guest of audience) await guest.leave();
    feeds.close();
    expect(log.warn).not.toHaveBeenCalled();
  };
  return { act, finish };
}

/** Somebody who comes, reads, leaves, and comes back with the cursor they had. */
function createGuest(
  isWrittenTo: boolean,
  subscribe: (cursor?: string, outlet?: Outlet<Delivery>) => Promise<Visit['subscription']>,
) {
  const reader = createTestOutlet<Delivery>();
  const visitFrom = async (cursor: string | undefined) => {
    const deliveries: Delivery[] = [];
    // Not a copy: whether it is busy is asked anew each time.
    const outlet: Outlet<Delivery> = Object.create(reader, {
      write: { value: (items: readonly Delivery[]) => void deliveries.push(...items) },
    });
    return new Visit(await subscribe(cursor, isWrittenTo ? outlet : undefined), deliveries);
  };
  const visits: { first: string; visit: Promise<Visit> }[] = [];
  let present = false;
  let busy: Promise<unknown> = Promise.resolve();
  const then = (act: () => Promise<unknown>) => {
    busy = busy.then(act);
  };
  const latest = () => visits.at(-1)?.visit;

  return {
    come(kind: string, head: number) {
      if (present) return;
      present = true;
      const cursors: Record<string, string | undefined> = {
        zero: '0',
        middle: String(Math.floor(head / 2)),
        head: String(head),
        future: String(head + 1_000),
        garbage: '12x',
      };
      then(async () => {
        const cursor = (await latest())?.cursor ?? cursors[kind];
        visits.push({ first: cursor ?? 'now', visit: visitFrom(cursor) });
        await latest();
      });
    },
    block: () => reader.block(),
    unblock: () => reader.unblock(),
    read: () => then(async () => void (await latest())?.read()),
    leave() {
      present = false;
      then(async () => (await latest())?.leave());
      return busy;
    },
    async expectAll(changes: Changes) {
      await busy;
      for (const [i, { first, visit }] of visits.entries()) {
        expectContinuous(first, await visit, changes, i === visits.length - 1 && present);
      }
    },
  };
}

/** Which message each rev changed. */
type Changes = Map<number, string>;

/**
 * What came goes on from where its receiver was, without a gap, and to the last change if they were there to the end. A
 * change that a later one of the same message has overtaken may be left out, because a replay is of the latest state.
 */
function expectContinuous(first: string, visit: Visit, changes: Changes, wasThere: boolean): void {
  const { deliveries, revs } = visit;
  const reset = visit.events.find((event) => event.type === 'reset');
  const from = reset?.rev ?? (first === 'now' ? beginningOf(deliveries) : Number(first));
  const head = Math.max(0, ...changes.keys());
  const to = wasThere ? head : (revs.at(-1) ?? from);
  const last = new Map([...changes].sort(([a], [b]) => a - b).map(([rev, id]) => [id, rev]));
  const due = [...changes].filter(([rev, id]) => rev > from && rev <= to && last.get(id) === rev);
  const seen = new Set(revs);
  expect(
    due.filter(([rev]) => !seen.has(rev)),
    `after ${first}`,
  ).toEqual([]);
  expect(revs.filter((rev, i) => rev <= (revs[i - 1] ?? from))).toEqual([]);
  const cursors = deliveries.map(({ cursor }) => cursor);
  expect(cursors).toEqual([...cursors].sort((a, b) => a - b));
}

/** Where somebody was who came without a cursor: before their first change, or as far as their first signal says. */
function beginningOf([first]: Delivery[]): number {
  if (!first) return 0;
  return first.event.type === 'message' ? first.cursor - 1 : first.cursor;
}

/** Holds answers back while it lasts; they come with what was true when they were asked for. */
function createStall() {
  let gate: PromiseWithResolvers<void> | undefined;
  return {
    begin() {
      gate ??= Promise.withResolvers();
    },
    end() {
      gate?.resolve();
      gate = undefined;
    },
    async pass<T>(answer: T): Promise<T> {
      await gate?.promise;
      return answer;
    },
  };
}
