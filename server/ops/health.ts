import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';

export type Readiness = {
  /** `degraded`: people are served, but processes hear of each other only through the database. */
  status: 'ready' | 'degraded' | 'unready';
  database: 'ok' | 'away';
  bus: 'ok' | 'away';
  draining: boolean;
};

export type Health = {
  readiness: () => Promise<Readiness>;
  /** From now on no new callers should come. */
  drain: () => void;
};

/** A database that takes longer than this to answer is no use to a caller. */
const PATIENCE_MS = 1_500;

export function createHealth(store: Pick<Store, 'ping'>, bus: Pick<Bus, 'isConnected'>): Health {
  let draining = false;
  let asked: Promise<boolean> | undefined;

  /** One question at a time: a database that hangs must not be asked again by every probe. */
  const answers = () => {
    asked ??= store
      .ping()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        asked = undefined;
      });
    return Promise.race([asked, later(PATIENCE_MS)]);
  };

  return {
    async readiness() {
      const database = (await answers()) ? 'ok' : 'away';
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

function later(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false).unref());
}
