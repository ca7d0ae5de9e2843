const DAY_MS = 24 * 3_600_000;

/** Tells the day and the time that the clocks of one time zone show. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;

  /** @param timeZone an IANA name, e.g. `Asia/Seoul`. */
  constructor(timeZone: string) {
    // The Swedish locale writes dates as ISO 8601 does.
    this.#format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  }

  /**
   * Reads the clock at an instant, to the second. A time that this zone shows twice, because its clocks are set back,
   * also names its offset. UTC comes first there, so that later lines read later.
   * @param ms since 1970.
   * @returns e.g. `2026-10-25` and `14:30:00`, or `00:30:00Z (02:30:00+02:00)`.
   */
  read(ms: number): { day: string; time: string } {
    const [day = '', time = ''] = this.#format.format(ms).split(' ');
    if (!this.#showsTwice(ms)) return { day, time };
    const utc = new Date(ms).toISOString().slice(11, 19);
    return { day, time: `${utc}Z (${time}${isoOffset(this.#offsetMs(ms))})` };
  }

  /** Whether the clocks show this time again at another offset. No zone sets its clocks back by more than a day. */
  #showsTwice(ms: number): boolean {
    const offsetMs = this.#offsetMs(ms);
    return [ms - DAY_MS, ms + DAY_MS].some((nearMs) => {
      const otherMs = this.#offsetMs(nearMs);
      return otherMs !== offsetMs && this.#offsetMs(ms + offsetMs - otherMs) === otherMs;
    });
  }

  /** How far the clocks are ahead of UTC. */
  #offsetMs(ms: number): number {
    const wholeMs = Math.floor(ms / 1_000) * 1_000;
    return Date.parse(`${this.#format.format(wholeMs).replace(' ', 'T')}Z`) - wholeMs;
  }
}

/** An offset from UTC as in ISO 8601, e.g. `-04:30`. */
function isoOffset(offsetMs: number): string {
  const clock = new Date(Math.abs(offsetMs)).toISOString().slice(11, 19).replace(/:00$/, '');
  return `${offsetMs < 0 ? '-' : '+'}${clock}`;
}
