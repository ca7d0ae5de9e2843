import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js';
import type { SpeechBudget } from '../../contract/types.ts';
import type { Connected } from './connected.ts';

const AGAIN_MS = 60_000;

/**
 * The minutes of speech that a room may have heard today; null without a limit, or while it is not known.
 * @param speaks asked again every minute meanwhile, and when it is over: whoever speaks uses it up.
 */
export function createBudget(
  { trpc, onReconnect }: Connected,
  roomId: string,
  speaks: Accessor<boolean>,
): Accessor<SpeechBudget | null> {
  const [budget, setBudget] = createSignal<SpeechBudget | null>(null);
  const ask = () =>
    void trpc.transcripts.engine.query({ roomId }).then(
      (engine) => setBudget(engine.available ? engine.budget : null),
      // The old figure is better than none.
      () => {},
    );
  onReconnect(ask);
  createEffect(
    on(speaks, (speaking) => {
      ask();
      if (!speaking) return;
      const timer = setInterval(ask, AGAIN_MS);
      onCleanup(() => clearInterval(timer));
    }),
  );
  return budget;
}
