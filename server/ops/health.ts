import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';

export type Readiness = {
  /** `degraded`: the server works, but changes of other processes come late, from the database. */
  status: 'ready' | 'degraded' | 'unready';
  database: 'ok' | 'away';
  bus: 'ok' | 'away';
  /** Why the bus carries no events: `unreachable`, `not_allowed`, or `no_events` if nobody reported an error. */
  busReason?: string;
  draining: boolean;
};

export type Health = {
  readiness: () => Promise<Readiness>;
  /** Makes the server `unready`, so that a load balancer sends no new clients. */
  drain: () => void;
};

/** A database that needs longer than this to write counts as away. */
const PING_TIMEOUT_MS = 1_500;
/** A success counts for this long, so that many probes cost few writes. */
const PROOF_MS = 2_000;

/** Answers `/readyz`: whether the database can be written, the bus carries events, and the server is not draining. */
export function createHealth(store: Pick<Store, 'ping'>, bus: Pick<Bus, 'isConnected' | 'trouble'>): Health {
  let draining = false;
  let ping: Promise<boolean> | undefined;
  let provenUntil = 0;

  /** One ping at a time: the probes of a load balancer must not pile up pings on a database that hangs. */
  const isWritable = () => {
    if (performance.now() < provenUntil) return true;
    ping ??= store
      .ping()
      .then(
        () => {
          provenUntil = performance.now() + PROOF_MS;
          return true;
        },
        () => false,
      )
      .finally(() => {
        ping = undefined;
      });
    return Promise.race([ping, falseAfter(PING_TIMEOUT_MS)]);
  };

  return {
    async readiness() {
      const database = (await isWritable()) ? 'ok' : 'away';
      const connected = bus.isConnected();
      const ready = database === 'ok' && !draining;
      const status = ready ? (connected ? 'ready' : 'degraded') : 'unready';
      const busReason = bus.trouble?.();
      const busState = { bus: connected ? 'ok' : 'away', ...(busReason && { busReason }) } as const;
      return { status, database, ...busState, draining };
    },
    drain() {
      draining = true;
    },
  };
}

function falseAfter(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false).unref());
}
