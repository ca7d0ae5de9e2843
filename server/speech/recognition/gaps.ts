import type { GapReason } from '../../../contract/types.ts';
import type { Span } from './ringBuffer.ts';

export type Gap = Span & { reason: GapReason };

/** Audio of a stream that no engine recognised, until it is reported. */
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

  /** Removes and returns the gaps that begin before this sample. */
  takeBefore(sample: number): Gap[] {
    const taken = this.#spans.filter(({ from }) => from < sample);
    this.#spans = this.#spans.filter(({ from }) => from >= sample);
    return taken;
  }

  /** Removes and returns all gaps. */
  takeAll(): Gap[] {
    return this.takeBefore(Number.POSITIVE_INFINITY);
  }
}

/**
 * Joins gaps to one, over the silence between them. Its reason is the one that cost the most audio.
 * @returns none or one.
 */
export function joinGaps(gaps: Gap[]): Gap[] {
  if (gaps.length === 0) return [];
  const lengths = new Map<GapReason, number>();
  for (const { from, to, reason } of gaps) lengths.set(reason, (lengths.get(reason) ?? 0) + to - from);
  const [[reason]] = [...lengths].toSorted(([, a], [, b]) => b - a) as [[GapReason, number]];
  return [
    { from: Math.min(...gaps.map(({ from }) => from)), to: Math.max(...gaps.map(({ to }) => to)), reason },
  ];
}
