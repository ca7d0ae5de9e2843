import type { GapReason } from '../contract/types.ts';
import type { Span } from './audioRing.ts';

type LostSpan = Span & { reason: GapReason };

/** Audio of a stream that is gone unheard, until it is told. Spans come in order. */
export class Lost {
  #spans: LostSpan[] = [];

  add({ from, to }: Span, reason: GapReason): void {
    const last = this.#spans.at(-1);
    if (last?.to === from && last.reason === reason) last.to = to;
    else this.#spans.push({ from, to, reason });
  }

  /** Takes what is lost after a sample, to tell it. */
  take(after: number): LostSpan[] {
    const spans = this.#spans.map((span) => ({ ...span, from: Math.max(span.from, after) }));
    this.#spans = [];
    return spans.filter(({ from, to }) => from < to);
  }

  /** Moves everything to where it is told from. */
  addTo(other: Lost): void {
    for (const span of this.#spans) other.add(span, span.reason);
    this.#spans = [];
  }

  clear(): void {
    this.#spans = [];
  }
}
