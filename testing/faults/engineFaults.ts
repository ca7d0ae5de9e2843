import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../server/transcriber/testing/random.ts';
import type { Engine } from './engine.ts';
import type { FaultLog } from './faultLog.ts';

export type EngineFault = {
  name: string;
  /** Whether it kills a process. */
  kills: boolean;
  begin: (engine: Engine) => void | Promise<void>;
  end: (engine: Engine) => void | Promise<void>;
};

const refusal = (status: number, exception: string, message: string) =>
  ({ at: 'request', kind: 'refusal', status, exception, message }) as const;

const UNAVAILABLE = refusal(503, 'ServiceUnavailableException', 'The service is not available.');
const THROTTLED = refusal(429, 'LimitExceededException', 'Too many streams.');

export const ENGINE_FAULTS: EngineFault[] = [
  {
    name: 'engine killed',
    kills: true,
    begin: (engine) => engine.kill(),
    end: (engine) => engine.start(),
  },
  {
    name: 'engine frozen',
    kills: false,
    begin: (engine) => engine.signal('SIGSTOP'),
    end: (engine) => engine.signal('SIGCONT'),
  },
  {
    name: 'engine refusing',
    kills: false,
    begin: (engine) => engine.answer(UNAVAILABLE),
    end: (engine) => engine.answer(),
  },
  {
    name: 'engine throttling',
    kills: false,
    begin: (engine) => engine.answer(THROTTLED),
    end: (engine) => engine.answer(),
  },
];

/** The engine works for this long between two of its faults. */
const WORKING_MS = [2_000, 10_000] as const;
const AWAY_MS = [300, 8_000] as const;
/** A server keeps the newest 60 s of audio. These faults last longer, so that some audio is lost and told as a gap. */
const LONG_AWAY_MS = [65_000, 90_000] as const;
const LONG_SHARE = 0.15;
/** One of the first faults is long in any case. */
const FIRST_LONG = [0, 2] as const;

export type EngineTrouble = {
  engine: Engine;
  random: Random;
  log: FaultLog;
  /** The faults that may be injected. */
  faults: EngineFault[];
  /** One of the first faults and some later ones last for over a minute. */
  withLongFaults: boolean;
};

/** Breaks the engine again and again, beside all other faults. Resolves after `signal`, when the last fault is over. */
export async function troubleEngine(
  { engine, random, log, faults, withLongFaults }: EngineTrouble,
  signal: AbortSignal,
): Promise<void> {
  const firstLong = random.between(...FIRST_LONG);
  for (let i = 0; faults.length > 0; i += 1) {
    await sleep(random.between(...WORKING_MS), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const isLong = withLongFaults && (random.next() < LONG_SHARE || i === firstLong);
    const [least, most] = isLong ? LONG_AWAY_MS : AWAY_MS;
    const ms = random.between(least, most);
    const fault = random.pick(faults);
    await log.record(fault, async () => {
      await fault.begin(engine);
      await sleep(ms);
      await fault.end(engine);
    });
  }
}
