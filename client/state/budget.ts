import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js';
import type { SpeechBudget } from '../../contract/types.ts';
import type { Connected } from './connected.ts';

const REFRESH_MS = 60_000;

/**
 * The speech minutes that a room has today, and how many are used; null without a limit, or before it is known.
 * @param isSpeaking while true, the budget is read again every minute, and once more when it turns false.
 */
export function createBudget(
  { trpc, onReconnect }: Connected,
  roomId: string,
  isSpeaking: Accessor<boolean>,
): Accessor<SpeechBudget | null> {
  const [budget, setBudget] = createSignal<SpeechBudget | null>(null);
  const load = () =>
    void trpc.transcripts.engine.query({ roomId }).then(
      (engine) => setBudget(engine.available ? engine.budget : null),
      // After a failure the old budget stays.
      () => {},
    );
  onReconnect(load);
  createEffect(
    on(isSpeaking, (speaking) => {
      load();
      if (!speaking) return;
      const timer = setInterval(load, REFRESH_MS);
      onCleanup(() => clearInterval(timer));
    }),
  );
  return budget;
}
