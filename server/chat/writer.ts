import type { Message } from '../../contract/types.ts';
import type { Change, ChangeOutcome, Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import { RoundRobin } from '../flow/roundRobin.ts';

type Job = { change: Change; result: PromiseWithResolvers<Message> };

export type Writer = {
  /**
   * Commits a change of a room's timeline. It resolves after the commit, so a message that it returns is stored.
   * @returns the message after the change.
   * @throws AppError if the change is refused, or if the database is away (retryable).
   */
  write: (change: Change) => Promise<Message>;
  /** Resolves when every change written so far is committed or refused. */
  drain: () => Promise<void>;
};

const LANES = 2;
/** Changes in one transaction at most. */
const BATCH = 256;
/**
 * UTF-16 units of text in one transaction at most, unless its first change alone is longer. Long texts take time to fold
 * and to write, and every change waits for the commit that runs when it comes.
 */
const BATCH_TEXT = 16_384;

/**
 * The only way into the timeline. A room always uses the same lane. While a lane commits, new changes of all its rooms
 * queue up; the next commit takes them together in one transaction (group commit). If they are too many for one commit,
 * it takes their authors in turn. After a commit, the lane publishes the messages on the bus, in rev order.
 */
export function createWriter(store: Pick<Store, 'commitChanges'>, bus: Pick<Bus, 'publish'>): Writer {
  const lanes = Array.from({ length: LANES }, () => createLane(store, bus));
  return {
    write: (change) => (lanes[laneOf(roomOf(change))] as Lane).write(change),
    async drain() {
      await Promise.all(lanes.map((lane) => lane.idle()));
    },
  };
}

function roomOf(change: Change): string {
  return change.type === 'append' ? change.message.roomId : change.roomId;
}

function laneOf(roomId: string): number {
  let hash = 0;
  for (let i = 0; i < roomId.length; i += 1) hash = (hash * 31 + roomId.charCodeAt(i)) >>> 0;
  return hash % LANES;
}

function authorOf(change: Change): string {
  return change.type === 'append' ? change.message.author.id : change.by;
}

function takeBatch(queue: RoundRobin<string, Job>): Job[] {
  const jobs: Job[] = [];
  let units = 0;
  for (let job = queue.next; job && jobs.length < BATCH; job = queue.next) {
    units += textUnits(job.change);
    if (units > BATCH_TEXT && jobs.length > 0) break;
    jobs.push(job);
    queue.take();
  }
  return jobs;
}

function textUnits(change: Change): number {
  if (change.type === 'append') return change.message.text?.length ?? 0;
  return change.type === 'edit' ? change.text.length : 0;
}

type Lane = { write: Writer['write']; idle: () => Promise<void> };

function createLane(store: Pick<Store, 'commitChanges'>, bus: Pick<Bus, 'publish'>): Lane {
  const queue = new RoundRobin<string, Job>();
  let running: Promise<void> | undefined;

  const run = async () => {
    while (queue.size > 0) await commit(takeBatch(queue));
    running = undefined;
  };

  const commit = async (jobs: Job[]) => {
    try {
      const outcomes = await store.commitChanges(jobs.map((job) => job.change));
      for (const [i, job] of jobs.entries()) settle(job, outcomes[i] as ChangeOutcome);
    } catch (error) {
      for (const { result } of jobs) result.reject(error);
    }
  };

  const settle = ({ result }: Job, outcome: ChangeOutcome) => {
    if ('error' in outcome) return result.reject(outcome.error);
    const { message, changed } = outcome;
    if (changed) bus.publish(message.roomId, { type: 'message', message });
    result.resolve(message);
  };

  return {
    write(change) {
      const result = Promise.withResolvers<Message>();
      queue.add(authorOf(change), { change, result });
      running ??= run();
      return result.promise;
    },
    async idle() {
      await running;
    },
  };
}
