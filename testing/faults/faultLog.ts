/** A fault that was injected. Times are in ms since 1970. */
export type FaultRecord = { name: string; kills: boolean; from: number; to: number };

/** The faults of a run, in the order of their ends. */
export class FaultLog {
  readonly records: FaultRecord[] = [];

  /** Runs `inject` and notes when it began and ended. */
  async record(
    { name, kills }: { name: string; kills: boolean },
    inject: () => Promise<void>,
  ): Promise<void> {
    const from = Date.now();
    await inject();
    this.records.push({ name, kills, from, to: Date.now() });
  }

  get kills(): number {
    return this.records.filter(({ kills }) => kills).length;
  }
}
