import { tooManyCalls } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import { FairQueue } from './fairQueue.ts';
import { type Caller, personOf } from './tally.ts';
import { Unread } from './unread.ts';

/**
 * The queues through which all calls of people reach the database. Each kind of work has bounds of its own: a read may
 * take long, so few run at a time; changes of a timeline are cheap together, so many enter one commit; the subscriptions
 * of a page come back all at once after a lost connection, and none of them may be refused for it.
 *
 * A process has 16 connections to MySQL (`db/mysql/connect.ts`). The reads and the replays leave some to the commits.
 */
export type Work = {
  reads: FairQueue;
  changes: FairQueue;
  /** The opening of subscriptions, and the pages of their replays. */
  replays: FairQueue;
  /** The answers of the reads and changes that their clients have not taken. */
  unread: Unread;
};

/** Runs a task when it is the turn of the caller for whom it was made. @throws AppError like `FairQueue.run` */
export type Turn = <T>(task: () => Promise<T>) => Promise<T>;

const WAIT_MS = 10_000;
/** A crowd that comes back after a restart. */
const REPLAY_WAIT_MS = 30_000;
/** A school or a company behind one address has this many callers who enter at the same moment. */
const CROWD = 10_000;

export function createWork(): Work {
  const { readsAtOnce, readsWaiting, changesAtOnce, changesWaiting, subscriptionsPerUser } = LIMITS;
  const unread = new Unread(LIMITS.unreadAnswerBytesPerUser);
  // A request whose answer is begun cannot wait: its client takes nothing before the rest is made, or refused.
  const mayStart = (caller: Caller) => caller.answer?.isBegun || !unread.isFull(personOf(caller));
  const work: Work = {
    reads: new FairQueue({
      running: { perPerson: readsAtOnce, perAddress: 6, total: 8 },
      waiting: { perPerson: readsWaiting, perAddress: CROWD, total: 2 * CROWD },
      waitMs: WAIT_MS,
      mayStart,
    }),
    changes: new FairQueue({
      running: { perPerson: changesAtOnce, perAddress: 384, total: 512 },
      waiting: { perPerson: changesWaiting, perAddress: CROWD, total: 2 * CROWD },
      waitMs: WAIT_MS,
      mayStart,
    }),
    replays: new FairQueue({
      running: { perPerson: 2, perAddress: 3, total: 4 },
      waiting: { perPerson: subscriptionsPerUser, perAddress: CROWD, total: 2 * CROWD },
      waitMs: REPLAY_WAIT_MS,
    }),
    unread,
  };
  unread.onTaken = () => {
    work.reads.wake();
    work.changes.wake();
  };
  return work;
}

/**
 * Runs a call when it is the caller's turn, and counts its result as unread.
 * @param contentOf what of the result goes to the client.
 * @throws AppError like `FairQueue.run`; `too_many_calls` also if the other answers of the same request are too long.
 */
export function answerInTurn<T>(
  work: Work,
  queue: 'reads' | 'changes' | 'replays',
  call: {
    caller: Caller;
    gone: AbortSignal | undefined;
    run: () => Promise<T>;
    contentOf: (result: T) => unknown;
  },
): Promise<T> {
  const { caller, gone, run, contentOf } = call;
  return work[queue].run(caller, gone, async () => {
    const { answer } = caller;
    if (answer?.isBegun && work.unread.isFull(personOf(caller))) throw tooManyCalls();
    const result = await run();
    answer?.add(contentOf(result));
    return result;
  });
}

export function turnOf(queue: FairQueue, caller: Caller, gone: AbortSignal | undefined): Turn {
  return (task) => queue.run(caller, gone, task);
}
