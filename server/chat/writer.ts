import type { AppendOutcome, NewMessage, Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import type { Message } from '../contract/types.ts';

type Job = { message: NewMessage; kept: PromiseWithResolvers<Message> };

export type Writer = {
  /**
   * Keeps a message in its room's timeline; answers after commit, so what is answered is kept.
   * @throws AppError if the message cannot be kept, or the database is away (retryable).
   */
  append: (message: NewMessage) => Promise<Message>;
  /** Settles when everything appended so far is kept or refused. */
  drain: () => Promise<void>;
};

const LANES = 4;
const BATCH = 256;

/**
 * The one way into the timeline. A room always uses the same lane; a lane commits in one transaction what has queued
 * up, over all of its rooms, while its last commit ran (group commit), and then tells the bus, in rev order.
 */
export function createWriter(store: Pick<Store, 'appendMessages'>, bus: Pick<Bus, 'publish'>): Writer {
  const lanes = Array.from({ length: LANES }, () => createLane(store, bus));
  return {
    append: (message) => (lanes[laneOf(message.roomId)] as Lane).append(message),
    async drain() {
      await Promise.all(lanes.map((lane) => lane.idle()));
    },
  };
}

function laneOf(roomId: string): number {
  let hash = 0;
  for (let i = 0; i < roomId.length; i += 1) hash = (hash * 31 + roomId.charCodeAt(i)) >>> 0;
  return hash % LANES;
}

type Lane = { append: Writer['append']; idle: () => Promise<void> };

function createLane(store: Pick<Store, 'appendMessages'>, bus: Pick<Bus, 'publish'>): Lane {
  const queue: Job[] = [];
  let running: Promise<void> | undefined;

  const run = async () => {
    while (queue.length > 0) await commit(queue.splice(0, BATCH));
    running = undefined;
  };

  const commit = async (jobs: Job[]) => {
    try {
      const outcomes = await store.appendMessages(jobs.map((job) => job.message));
      for (const [i, job] of jobs.entries()) settle(job, outcomes[i] as AppendOutcome);
    } catch (error) {
      for (const { kept } of jobs) kept.reject(error);
    }
  };

  const settle = ({ message, kept }: Job, outcome: AppendOutcome) => {
    if ('error' in outcome) return kept.reject(outcome.error);
    if (!outcome.repeated) bus.publish(message.roomId, { type: 'message', message: outcome.message });
    kept.resolve(outcome.message);
  };

  return {
    append(message) {
      const kept = Promise.withResolvers<Message>();
      queue.push({ message, kept });
      running ??= run();
      return kept.promise;
    },
    async idle() {
      await running;
    },
  };
}
