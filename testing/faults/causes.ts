import type { GapReason } from '../../contract/types.ts';
import type { FaultRecord } from './faultLog.ts';

/** A stretch of time in ms since 1970. */
type Span = { from: number; to: number };
/** `isThrottled`: a part of it was that calls had to wait for a place. */
type Outage = Span & { isThrottled: boolean };

/** So much audio is kept: by the server while the engine is away, and by the page while the server is. */
const KEPT_MS = 60_000;
/**
 * After the end of an outage, the next attempt comes up to 10 s later. Throttled calls wait longer, and then begin one
 * after the other.
 */
const RETURN_MS = 15_000;
const THROTTLED_RETURN_MS = 75_000;
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
    if (reason !== 'network' && !name.startsWith('engine')) continue;
    const isThrottled = name === 'engine throttling';
    const end = to + (isThrottled ? THROTTLED_RETURN_MS : RETURN_MS);
    const last = joined.at(-1);
    if (!last || from > last.to) joined.push({ from, to: end, isThrottled });
    else {
      last.to = Math.max(last.to, end);
      last.isThrottled ||= isThrottled;
    }
  }
  return joined;
}
