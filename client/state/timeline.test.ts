import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, Page } from '../../contract/types.ts';
import { createTimeline, type PageRequest, type Timeline } from './timeline.ts';

const message = (seq: number, rev = seq, text = `${seq}`): Message => ({
  id: `m${seq}`,
  roomId: 'r',
  seq,
  rev,
  kind: 'text',
  author: { id: 'u', name: 'Mina' },
  clientId: null,
  text,
  replyTo: null,
  mentions: [],
  reactions: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  editedAt: null,
  deletedAt: null,
  speech: null,
});

const seqs = (timeline: Timeline) => timeline.messages().map(({ seq }) => seq);

describe('timeline', () => {
  it('shows nothing before the first page, so that the list never has a hole', () => {
    const timeline = createTimeline();
    timeline.receive(message(7));
    expect(seqs(timeline)).toEqual([]);
    timeline.nextPage().accept({ items: [message(5), message(6)], hasMore: true });
    expect(seqs(timeline)).toEqual([5, 6, 7]);
  });

  it('shows live messages of a room whose first page was empty', () => {
    const timeline = createTimeline();
    timeline.nextPage().accept({ items: [], hasMore: false });
    timeline.receive(message(1));
    expect(seqs(timeline)).toEqual([1]);
    expect(timeline.hasOlder()).toBe(false);
  });

  it('keeps a change to a message whose page is not loaded, and still loads the pages in order', () => {
    const timeline = createTimeline();
    timeline.nextPage().accept({ items: [message(5), message(6)], hasMore: true });
    timeline.receive(message(2, 9, 'changed'));
    expect(seqs(timeline)).toEqual([5, 6]);
    expect(timeline.nextPage().before).toBe(5);
    timeline.nextPage().accept({ items: [message(2), message(3), message(4)], hasMore: true });
    expect(timeline.messages()[0]?.text).toBe('changed');
  });

  it('keeps the objects of unchanged messages, so that their rows are not rendered again', () => {
    const timeline = createTimeline();
    timeline.nextPage().accept({ items: [message(1), message(2)], hasMore: false });
    const [first] = timeline.messages();
    expect(timeline.receive(message(1))).toBe(false);
    timeline.receive(message(3));
    expect(timeline.messages()[0]).toBe(first);
  });

  it('forgets older messages at a reset and keeps those that came after it', () => {
    const timeline = createTimeline();
    timeline.nextPage().accept({ items: [message(1), message(2)], hasMore: false });
    timeline.reset(5_000);
    expect(seqs(timeline)).toEqual([]);
    timeline.receive(message(5_001));
    timeline.nextPage().accept({ items: [message(4_999), message(5_000)], hasMore: true });
    expect(seqs(timeline)).toEqual([4_999, 5_000, 5_001]);
  });

  it('ignores a page that was requested before a reset', () => {
    const timeline = createTimeline();
    timeline.nextPage().accept({ items: [message(10), message(11)], hasMore: true });
    const older = timeline.nextPage();
    timeline.reset(5_000);
    timeline.nextPage().accept({ items: [message(5_000)], hasMore: true });
    older.accept({ items: [message(8), message(9)], hasMore: true });
    expect(seqs(timeline)).toEqual([5_000]);
  });
});

/** A room's changes on the server, each with the next rev. null adds a message, a number edits an old one. */
function playRoom(changes: (number | null)[]): Message[] {
  const log: Message[] = [];
  let lastSeq = 0;
  for (const [i, edited] of changes.entries()) {
    const seq = edited !== null && lastSeq > 0 ? 1 + (edited % lastSeq) : ++lastSeq;
    log.push(message(seq, i + 1, `rev ${i + 1}`));
  }
  return log;
}

function stateAt(log: Message[], rev: number): Message[] {
  const latest = new Map<number, Message>();
  for (const change of log.slice(0, rev)) latest.set(change.seq, change);
  return [...latest.values()].sort((a, b) => a.seq - b.seq);
}

function pageOf(state: Message[], before = Number.POSITIVE_INFINITY, limit = 50): Page<Message> {
  const older = state.filter(({ seq }) => seq < before);
  return { items: older.slice(-limit), hasMore: older.length > limit };
}

function unbroken(run: number[]): number[] {
  return run.map((_, i) => (run[0] ?? 0) + i);
}

describe('timeline, any interleaving', () => {
  const plan = fc.record({
    changes: fc.array(fc.option(fc.nat(50), { freq: 2 }), { minLength: 1, maxLength: 40 }),
    /** How many changes the room had when it was opened. Later changes come as live events. */
    openedAt: fc.nat(40),
    limit: fc.integer({ min: 1, max: 7 }),
    /** When a page is requested, how long until the server reads it, and until it arrives; counted in live events. */
    pages: fc.array(fc.tuple(fc.nat(12), fc.nat(6), fc.nat(6)), { minLength: 1, maxLength: 10 }),
    /** When the socket broke, and how many changes before that are replayed. */
    replays: fc.array(fc.tuple(fc.nat(40), fc.nat(10)), { maxLength: 4 }),
    ownSends: fc.array(fc.nat(40), { maxLength: 6 }),
    resetAt: fc.option(fc.nat(40), { freq: 3 }),
  });

  it('always ends with the server’s messages, in order and without doubles, holes or old states', () => {
    fc.assert(
      fc.property(plan, ({ changes, openedAt, limit, pages, replays, ownSends, resetAt }) => {
        const log = playRoom(changes);
        const opened = openedAt % (log.length + 1);
        const live = log.slice(opened);
        const timeline = createTimeline();
        const steps: [at: number, run: () => void][] = [];

        for (const [requestedAt, reading, sending] of pages) {
          let request: PageRequest;
          let answer: Page<Message>;
          const state = () => stateAt(log, opened + Math.min(requestedAt + reading, live.length));
          steps.push([requestedAt, () => (request = timeline.nextPage())]);
          steps.push([requestedAt + reading, () => (answer = pageOf(state(), request.before, limit))]);
          steps.push([requestedAt + reading + sending, () => request.accept(answer)]);
        }
        for (const own of ownSends) {
          const ack = log[own % log.length] as Message;
          // An answer cannot come before its commit. The live event of the message may come later.
          steps.push([Math.max(0, ack.rev - opened - 1), () => timeline.receive(ack)]);
        }
        for (const [at, lag] of replays)
          steps.push([at, () => live.slice(Math.max(0, at - lag), at).forEach(timeline.receive)]);
        if (resetAt !== null && resetAt <= live.length)
          steps.push([resetAt, () => timeline.reset(opened + resetAt)]);

        const last = Math.max(live.length, ...steps.map(([at]) => at));
        for (let now = 0; now <= last; now += 1) {
          for (const [at, run] of steps) if (at === now) run();
          expect(seqs(timeline)).toEqual(unbroken(seqs(timeline)));
          const change = live[now];
          if (change) timeline.receive(change);
        }

        const whole = stateAt(log, log.length);
        while (!timeline.isLoaded() || timeline.hasOlder()) {
          const { before, accept } = timeline.nextPage();
          accept(pageOf(whole, before, limit));
          expect(timeline.messages()).toEqual(whole.slice(-timeline.messages().length));
        }
        expect(timeline.messages()).toEqual(whole);
      }),
      { numRuns: 1_000 },
    );
  });
});
