import type { GapReason } from '../../contract/types.ts';
import type { FaultRecord } from './faultLog.ts';

/** A stretch of time in ms since 1970. */
type Span = { from: number; to: number };
/** `isThrottled`: a part of it was that calls had to wait for a place. */
type Outage = Span & { isThrottled: boolean };

/** So much audio is kept: by the server while the engine is away, and by the page while the server is. */
const KEPT_MS = 60_000;
/** After the end of an outage, the next attempt comes up to 10 s later. */
const RETURN_MS = 15_000;
/** Throttled calls pause as long as they were throttled, at most this long. Then one more call begins every 10 s. */
const MAX_PAUSE_MS = 30_000;
const GROWTH_MS = 20_000;
/** An outage loses the utterance that was open when it began. */
const OPEN_UTTERANCE_MS = 10_000;

/**
 * Whether the faults of a run explain a gap. They do if they lasted longer than audio is kept, and if the gap ends where
 * the kept audio begins. @param gap in ms since 1970.
 */
export function isCaused(gap: Span & { reason: GapReason }, faults: FaultRecord[]): boolean {
  return outages(gap.reason, faults).some(
    ({ from, to, isThrottled }) =>
      gap.from >= from - OPEN_UTTERANCE_MS &&
      gap.to <= to - KEPT_MS &&
      (gap.reason !== 'queue' || isThrottled),
  );
}

/** The times in which audio could be lost for this reason, each with the time that the return may take. */
function outages(reason: GapReason, faults: FaultRecord[]): Outage[] {
  const joined: Outage[] = [];
  for (const { name, from, to } of faults.toSorted((a, b) => a.from - b.from)) {
    // What a dead server had kept for the engine is lost with the network, if the page has let go of it too.
    if (reason !== 'network' && !name.startsWith('engine')) continue;
    const isThrottled = name === 'engine throttling';
    const waitMs = isThrottled ? Math.min(to - from, MAX_PAUSE_MS) + GROWTH_MS : 0;
    const end = to + waitMs + RETURN_MS;
    const last = joined.at(-1);
    if (!last || from > last.to) joined.push({ from, to: end, isThrottled });
    else {
      last.to = Math.max(last.to, end);
      last.isThrottled ||= isThrottled;
    }
  }
  return joined;
}
