import { inspect } from 'node:util';

export type Question = { call: string; args: unknown[] };
export type Answer = { value: unknown } | { error: string };

/** Answers the parent's questions with what these functions answer, until the parent is gone. */
export function answerParent(answers: Record<string, (...args: never[]) => Promise<unknown>>): void {
  process.on('message', async ({ call, args }: Question) => {
    try {
      const value = await answers[call]?.(...(args as never[]));
      process.send?.({ value } satisfies Answer);
    } catch (error) {
      process.send?.({ error: inspect(error) } satisfies Answer);
    }
  });
  process.once('disconnect', () => process.exit(0));
}
