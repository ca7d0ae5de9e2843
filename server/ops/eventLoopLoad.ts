import { performance } from 'node:perf_hooks';

/** Looked at once in this time, so that one long task is not taken for a busy day. */
const LOOK_MS = 1_000;
/** Shares of the time in which the event loop had something to do. They lie apart, so that it does not flutter. */
const HIGH = 0.8;
const LOW = 0.5;

/** Whether this process has little time left. What can be done more cheaply, if a little later, is then. */
export class EventLoopLoad {
  #isHigh = false;
  #seen = performance.eventLoopUtilization();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS).unref();

  get isHigh(): boolean {
    return this.#isHigh;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#seen);
    this.#seen = now;
    this.#isHigh = utilization > (this.#isHigh ? LOW : HIGH);
  }
}
