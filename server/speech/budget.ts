import { AppError } from '../../contract/errors.ts';
import type { SpeechBudget } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';

/** How much of its day's speech a room has used; days are those of UTC. */
export type Budget = {
  /** @returns null without a limit. */
  of: (roomId: string) => Promise<SpeechBudget | null>;
  /** @throws AppError `budget_spent` once it is used up. */
  check: (roomId: string) => Promise<SpeechBudget | null>;
  /** Counts audio that was given to an engine. @returns the reason to stop, once it is used up. Never rejects. */
  spend: (roomId: string, seconds: number) => Promise<AppError | null>;
};

export type BudgetOptions = {
  /** A room and day; null for no limit, and then nothing is counted. */
  minutes: number | null;
  log: Log;
  now?: () => Date;
};

export function createBudget(
  store: Pick<Store, 'addSpeechSeconds' | 'speechSeconds'>,
  { minutes, log, now = () => new Date() }: BudgetOptions,
): Budget {
  if (minutes === null) {
    return { of: async () => null, check: async () => null, spend: async () => null };
  }
  const today = () => now().toISOString().slice(0, 10);
  const of = async (roomId: string) => ({
    minutes,
    usedMinutes: (await store.speechSeconds(roomId, today())) / 60,
  });
  return {
    of,
    async check(roomId) {
      const budget = await of(roomId);
      if (budget.usedMinutes >= minutes) throw spent(minutes);
      return budget;
    },
    async spend(roomId, seconds) {
      try {
        const used = await store.addSpeechSeconds(roomId, today(), seconds);
        return used >= 60 * minutes ? spent(minutes) : null;
      } catch (error) {
        // Better a few seconds too many than a sentence too few.
        log.warn({ err: error, roomId }, 'could not count seconds of speech');
        return null;
      }
    },
  };
}

function spent(minutes: number): AppError {
  return new AppError(
    'TOO_MANY_REQUESTS',
    'budget_spent',
    `This room’s ${minutes} minutes of speech for today are used up. They begin anew at midnight (UTC).`,
    { details: { minutes } },
  );
}
