import { performance } from 'node:perf_hooks';

/** The load is measured over this time, so that a single long task does not count as high load. */
const MEASURE_MS = 1_000;
/** Shares of the time in which the event loop was busy. The limits differ, so that the state does not flip to and fro. */
const HIGH = 0.8;
const LOW = 0.5;

/**
 * The event-loop load of this process. It becomes high above 80 % and stays high until it falls to 50 %. Under high
 * load, work is delayed a little where that makes it cheaper.
 */
export class EventLoopLoad {
  #isHigh = false;
  #last = performance.eventLoopUtilization();
  readonly #timer = setInterval(() => this.#measure(), MEASURE_MS).unref();

  get isHigh(): boolean {
    return this.#isHigh;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #measure(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    this.#isHigh = utilization > (this.#isHigh ? LOW : HIGH);
  }
}
