import type { GapReason } from '../../../contract/types.ts';
import type { Span } from './ringBuffer.ts';

type Gap = Span & { reason: GapReason };

/** Audio of a stream that is gone unheard, until it is told. Spans come in order. */
export class Gaps {
  #spans: Gap[] = [];

  add({ from, to }: Span, reason: GapReason): void {
    const last = this.#spans.at(-1);
    if (last?.to === from && last.reason === reason) last.to = to;
    else this.#spans.push({ from, to, reason });
  }

  /** What lies before a sample is not lost. */
  forget(before: number): void {
    const spans = this.#spans.map((span) => ({ ...span, from: Math.max(span.from, before) }));
    this.#spans = spans.filter(({ from, to }) => from < to);
  }

  /** Takes it all, to tell it, oldest first. */
  take(): Gap[] {
    const spans = this.#spans;
    this.#spans = [];
    return spans;
  }
}
