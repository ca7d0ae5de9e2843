import type { Message } from '../../contract/types.ts';
import type { Change, ChangeOutcome, Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';

type Job = { change: Change; kept: PromiseWithResolvers<Message> };

export type Writer = {
  /**
   * Changes a room's timeline; answers after commit, with the message as the change left it, so what is answered is kept.
   * @throws AppError if the change cannot be kept, or the database is away (retryable).
   */
  write: (change: Change) => Promise<Message>;
  /** Settles when everything written so far is kept or refused. */
  drain: () => Promise<void>;
};

const LANES = 2;
const BATCH = 256;

/**
 * The one way into the timeline. A room always uses the same lane; a lane commits in one transaction what has queued
 * up, over all of its rooms, while its last commit ran (group commit), and then tells the bus, in rev order.
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

type Lane = { write: Writer['write']; idle: () => Promise<void> };

function createLane(store: Pick<Store, 'commitChanges'>, bus: Pick<Bus, 'publish'>): Lane {
  const queue: Job[] = [];
  let running: Promise<void> | undefined;

  const run = async () => {
    while (queue.length > 0) await commit(queue.splice(0, BATCH));
    running = undefined;
  };

  const commit = async (jobs: Job[]) => {
    try {
      const outcomes = await store.commitChanges(jobs.map((job) => job.change));
      for (const [i, job] of jobs.entries()) settle(job, outcomes[i] as ChangeOutcome);
    } catch (error) {
      for (const { kept } of jobs) kept.reject(error);
    }
  };

  const settle = ({ kept }: Job, outcome: ChangeOutcome) => {
    if ('error' in outcome) return kept.reject(outcome.error);
    const { message, changed } = outcome;
    if (changed) bus.publish(message.roomId, { type: 'message', message });
    kept.resolve(message);
  };

  return {
    write(change) {
      const kept = Promise.withResolvers<Message>();
      queue.push({ change, kept });
      running ??= run();
      return kept.promise;
    },
    async idle() {
      await running;
    },
  };
}
