import type { GapReason } from '../../../contract/types.ts';
import type { Span } from './ringBuffer.ts';

type Gap = Span & { reason: GapReason };

/** Audio of a stream that no engine recognised, until it is reported. Spans are added in the order of the stream. */
export class Gaps {
  #spans: Gap[] = [];

  /** Adds a span. It joins the span before it if the two touch and have the same reason. */
  add({ from, to }: Span, reason: GapReason): void {
    const last = this.#spans.at(-1);
    if (last?.to === from && last.reason === reason) last.to = to;
    else this.#spans.push({ from, to, reason });
  }

  /** Drops what lies before this sample: it was recognised after all. */
  dropBefore(sample: number): void {
    const spans = this.#spans.map((span) => ({ ...span, from: Math.max(span.from, sample) }));
    this.#spans = spans.filter(({ from, to }) => from < to);
  }

  /** Removes and returns all gaps, oldest first. */
  takeAll(): Gap[] {
    const spans = this.#spans;
    this.#spans = [];
    return spans;
  }
}
