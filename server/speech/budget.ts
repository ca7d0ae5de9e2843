import { AppError } from '../../contract/errors.ts';
import type { SpeechBudget } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';

/** How much of its daily speech each room has used. Days are UTC days. */
export type Budget = {
  /** @returns null if there is no limit. */
  get: (roomId: string) => Promise<SpeechBudget | null>;
  /** As `get`. @throws AppError `budget_spent` if the budget of today is used up. */
  check: (roomId: string) => Promise<SpeechBudget | null>;
  /** Counts seconds of audio that went to an engine. Never rejects. @returns an error if the budget is now used up. */
  recordUsage: (roomId: string, seconds: number) => Promise<AppError | null>;
};

export type BudgetOptions = {
  /** Minutes per room and day. Null: there is no limit, and nothing is counted. */
  minutes: number | null;
  log: Log;
  now?: () => Date;
};

export function createBudget(
  store: Pick<Store, 'addSpeechSeconds' | 'speechSeconds'>,
  { minutes, log, now = () => new Date() }: BudgetOptions,
): Budget {
  if (minutes === null) {
    return { get: async () => null, check: async () => null, recordUsage: async () => null };
  }
  const today = () => now().toISOString().slice(0, 10);
  const get = async (roomId: string) => ({
    minutes,
    usedMinutes: (await store.speechSeconds(roomId, today())) / 60,
  });
  return {
    get,
    async check(roomId) {
      const budget = await get(roomId);
      if (budget.usedMinutes >= minutes) throw budgetSpent(minutes);
      return budget;
    },
    async recordUsage(roomId, seconds) {
      try {
        const used = await store.addSpeechSeconds(roomId, today(), seconds);
        return used >= 60 * minutes ? budgetSpent(minutes) : null;
      } catch (error) {
        // A few uncounted seconds are better than a lost sentence.
        log.warn({ err: error, roomId }, 'could not count seconds of speech');
        return null;
      }
    },
  };
}

function budgetSpent(minutes: number): AppError {
  return new AppError(
    'TOO_MANY_REQUESTS',
    'budget_spent',
    `This room has used its ${minutes} minutes of speech for today. A new day begins at midnight (UTC).`,
    { details: { minutes } },
  );
}
