import { inspect } from 'node:util';

export type Question = { call: string; args: unknown[] };
export type Answer = { value: unknown } | { error: string };

/** Calls these functions for the parent process and sends back the results. Exits when the parent is gone. */
export function answerParent(functions: Record<string, (...args: never[]) => Promise<unknown>>): void {
  process.on('message', async ({ call, args }: Question) => {
    try {
      const value = await functions[call]?.(...(args as never[]));
      process.send?.({ value } satisfies Answer);
    } catch (error) {
      process.send?.({ error: inspect(error) } satisfies Answer);
    }
  });
  process.once('disconnect', () => process.exit(0));
}
