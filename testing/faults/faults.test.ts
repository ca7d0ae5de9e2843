import { describe, expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { createRandom } from '../../server/transcriber/testing/random.ts';
import { audit, NOTHING_FOUND } from './audit.ts';
import { emptyView, type View } from './page.ts';
import type { Ack } from './person.ts';
import { type Plan, runFaults } from './run.ts';

const plan: Plan = {
  ...{ database: 'sqlite', servers: 1, kills: 3, people: 6, speakers: 2, rooms: 2, limitMs: 120_000 },
  withLongFaults: false,
  seed: 20_261_124,
};

const NO_WORDS = { wordsLost: 0, wordsDoubled: 0, wordsReordered: 0, causelessGaps: 0, ghosts: 0 };

/** A short run of `npm run test:faults`. */
describe('while servers, databases, buses and the engine fail, nothing typed or said is lost, doubled or reordered', () => {
  test.each<[string, Partial<Plan>]>([
    ['one server on SQLite', {}],
    ['three servers on MariaDB and Redis', { database: 'mariadb', servers: 3 }],
  ])(
    '%s',
    async (_, setting) => {
      const report = await runFaults({ ...plan, ...setting });
      const { acked, kills, words } = report;
      expect(report, report.notes.join('\n')).toMatchObject({ ...NOTHING_FOUND, ...NO_WORDS });
      expect(acked).toBeGreaterThan(50);
      expect(words).toBeGreaterThan(50);
      expect(kills).toBeGreaterThanOrEqual(plan.kills);
    },
    180_000,
  );
});

describe('the audit finds', () => {
  const message = (seq: number, rev = seq) =>
    ({ id: `m${seq}`, seq, rev, roomId: 'room', clientId: `c${seq}`, author: { id: 'ada' } }) as Message;
  const stored = [message(1), message(2), message(3)];
  const view = (...messages: Message[]): View => ({ ...emptyView('Ben', 'room'), messages });
  const acks = stored.map((one) => ({
    roomId: 'room',
    clientId: one.clientId,
    text: '',
    message: one,
  })) as Ack[];
  const findings = (rows: Message[], ...views: View[]) => audit(new Map([['room', rows]]), acks, views);

  test('nothing when everything is right', () => {
    expect(findings(stored, view(...stored))).toEqual(NOTHING_FOUND);
    expect(findings([message(1), message(3), message(2, 4)], view(...stored, message(2, 4)))).toEqual(
      NOTHING_FOUND,
    );
  });

  test.each<[string, object, Message[], View]>([
    [
      'an acked message that is not in the database',
      { lost: 1 },
      stored.slice(0, 2),
      view(...stored.slice(0, 2)),
    ],
    ['a message that somebody was not shown', { lost: 1 }, stored, view(message(1), message(3))],
    [
      'a change that somebody was not shown',
      { lost: 1 },
      [message(1), message(2), message(3, 4)],
      view(...stored),
    ],
    [
      'a message that somebody was shown twice',
      { doubled: 1 },
      stored,
      view(message(1), message(2), message(2), message(3)),
    ],
    [
      'messages that somebody was shown out of order',
      { reordered: 1 },
      stored,
      view(message(2), message(1), message(3)),
    ],
    [
      'a gap in the seqs',
      { reordered: 1, lost: 1 },
      [message(1), message(2), { ...message(3), seq: 5 }],
      view(...stored),
    ],
    [
      'a message that was shown and is not in the database',
      { unstored: 1 },
      stored,
      view(...stored, message(4)),
    ],
    ['a client that was told to reload the room', { resets: 1 }, stored, { ...view(...stored), resets: 1 }],
  ])('%s', (_, expected, rows, shown) => {
    expect(findings(rows, shown)).toEqual({ ...NOTHING_FOUND, ...expected });
  });
});

test('the same seed gives the same random numbers, and another seed gives others', () => {
  const run = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => random.between(1, 1_000));
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
  expect(run(7).every((number) => number >= 1 && number <= 1_000)).toBe(true);
});
