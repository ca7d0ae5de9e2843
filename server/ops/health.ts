import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';

export type Readiness = {
  /** `degraded`: the server works, but changes of other processes come late, from the database. */
  status: 'ready' | 'degraded' | 'unready';
  database: 'ok' | 'away';
  bus: 'ok' | 'away';
  draining: boolean;
};

export type Health = {
  readiness: () => Promise<Readiness>;
  /** Makes the server `unready`, so that a load balancer sends no new clients. */
  drain: () => void;
};

/** A database that needs longer than this to answer counts as away. */
const PING_TIMEOUT_MS = 1_500;

/** Answers `/readyz`: whether the database answers, the bus is connected, and the server is not draining. */
export function createHealth(store: Pick<Store, 'ping'>, bus: Pick<Bus, 'isConnected'>): Health {
  let draining = false;
  let ping: Promise<boolean> | undefined;

  /** One ping at a time: the probes of a load balancer must not pile up pings on a database that hangs. */
  const isDatabaseThere = () => {
    ping ??= store
      .ping()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        ping = undefined;
      });
    return Promise.race([ping, falseAfter(PING_TIMEOUT_MS)]);
  };

  return {
    async readiness() {
      const database = (await isDatabaseThere()) ? 'ok' : 'away';
      const connected = bus.isConnected();
      const ready = database === 'ok' && !draining;
      const status = ready ? (connected ? 'ready' : 'degraded') : 'unready';
      return { status, database, bus: connected ? 'ok' : 'away', draining };
    },
    drain() {
      draining = true;
    },
  };
}

function falseAfter(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false).unref());
}
