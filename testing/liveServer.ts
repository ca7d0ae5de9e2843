import type { User } from '../contract/types.ts';
import { openStore } from '../db/open.ts';
import type { Store } from '../db/store.ts';
import { createLog } from '../server/log.ts';
import { startServer } from '../server/server.ts';
import { openGate } from '../server/speech/microphone/openGate.ts';
import {
  createScriptedEngine,
  type ScriptedEngine,
  type Step,
} from '../server/transcriber/testing/scripted.ts';
import type { TrustedProxies } from '../server/trustedProxies.ts';
import type { Pulse } from '../server/ws/keepAlive.ts';
import { httpClient } from './clients.ts';
import { type CountedBus, createCountedBus } from './countedBus.ts';

export type LiveServer = AsyncDisposable & {
  /** e.g. `http://localhost:40123` */
  url: string;
  store: Store;
  bus: CountedBus;
  engine: ScriptedEngine;
  /** All log lines so far, as one text. */
  logged: () => string;
  close: (drainMs: number) => Promise<void>;
  /** Signs in a new guest. */
  enter: (name: string) => Promise<{ token: string; user: User }>;
};

type Setting = {
  script?: Step[];
  /** Replaces methods of the real store. */
  alter?: (store: Store) => Partial<Store>;
  allowedOrigins?: string[];
  publicUrl?: string;
  hstsSubdomains?: boolean;
  metricsToken?: string;
  trustedProxies?: TrustedProxies;
  databaseUrl?: string;
  clientDirectory?: string;
  pulse?: Pulse;
};

export const SECRET = 'a secret of at least 32 characters, for tests';

/** Starts the whole server on a free port, over a real database. Its speech engine follows the script. */
export async function openServer(setting: Setting = {}): Promise<LiveServer> {
  const real = await openStore(setting.databaseUrl ?? 'sqlite::memory:');
  const store = { ...real, ...setting.alter?.(real) };
  const bus = createCountedBus();
  const engine = createScriptedEngine(setting.script ?? []);
  const lines: string[] = [];
  const { url, close } = await startServer(
    {
      store,
      bus,
      speech: { engine, fallback: null },
      speechStreams: 25,
      speechDailyMinutes: null,
      newGate: openGate,
      authSecret: SECRET,
      allowedOrigins: setting.allowedOrigins ?? [],
      publicUrl: setting.publicUrl,
      hstsSubdomains: setting.hstsSubdomains,
      metricsToken: setting.metricsToken,
      trustedProxies: setting.trustedProxies,
      clientDirectory: setting.clientDirectory ?? import.meta.dirname,
      pulse: setting.pulse,
      log: createLog('debug', { write: (line) => void lines.push(line) }),
    },
    0,
    '127.0.0.1',
  );
  return {
    ...{ url, store, bus, engine, close },
    logged: () => lines.join(''),
    enter: (name) => httpClient(url).session.guest.mutate({ name }),
    async [Symbol.asyncDispose]() {
      await close(0);
      await real.close();
    },
  };
}
