import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { temporaryDatabase } from '../../testing/serverProcess.ts';
import { ask, CORES, startPinned, stopPinned } from '../fanout/pinned.ts';
import type { Usage } from '../fanout/probe.ts';
import { START_FLAGS } from '../startFlags.ts';
import { startTranscribeProcess } from '../transcribeProcess.ts';
import type { Answer } from './answerParent.ts';

/**
 * Processor time in ms. `machine` counts all processes: what the other three do not explain was used by other programs,
 * and the measured processes had to do without it.
 */
export type Cpu = { server: number; service: number; load: number; machine: number };

/** The real server on a core of its own. The service that it calls and the load share another core. */
export type Stage<Load> = {
  url: string;
  load: Load;
  /** The processor time that each process has used so far. */
  cpuMs: () => Cpu;
  /** Resident memory of the server, without a garbage collection. */
  residentBytes: () => number;
  /** Usage of the server, after a garbage collection. */
  usage: () => Promise<Usage>;
  /** Makes the service fail the next connection in the way of this row of the fault table. */
  injectFault: (row: number) => void;
  /** How many calls the service has received. */
  calls: () => Promise<number>;
  stop: () => Promise<void>;
};

/**
 * Starts the server, the service and the load.
 * @param loadFile the program of the load. It answers `{call, args}` with `{value}` or `{error}`.
 * @param nodeOptions options for the server's Node, e.g. `--cpu-prof`.
 */
export async function setStage<Load extends object>(
  loadFile: string,
  { recognizer = 'tone', nodeOptions = [] }: { recognizer?: 'tone' | 'none'; nodeOptions?: string[] } = {},
): Promise<Stage<Load>> {
  const service = await startTranscribeProcess(CORES.load, recognizer);
  const database = temporaryDatabase();
  const server = startPinned(
    CORES.server,
    [...START_FLAGS, '--import', here('../fanout/probe.ts'), ...nodeOptions, here('../../server/main.ts')],
    {
      ...{ NODE_ENV: 'development', PORT: '0', LOG_LEVEL: 'error', SPEECH_STREAMS: '1000' },
      ...{ ...service.env, DATABASE_URL: database.url },
    },
  );
  const url = await addressOf(server);
  const load = startPinned(CORES.load, [here(loadFile)]);
  return {
    url,
    load: remote<Load>(load),
    cpuMs: () => ({
      server: cpuMs(server),
      service: cpuMs(service.child),
      load: cpuMs(load),
      machine: machineMs(),
    }),
    residentBytes: () => residentBytes(server),
    usage: () => ask<Usage>(server, 'memory'),
    injectFault: (row) => void service.child.send(row),
    calls: () => ask<number>(service.child, 'calls'),
    async stop() {
      await Promise.all([load, server].map(stopIfAlive));
      service.stop();
      database.remove();
    },
  };
}

function here(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

async function addressOf(server: ChildProcess): Promise<string> {
  for (let text = ''; ; ) {
    const [part] = (await once(server.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    text += part.toString();
    const [, url] = /^Roomscribe +(\S+)$/m.exec(text) ?? [];
    // `localhost` has two addresses, and a busy server may answer too late on the first one.
    if (url) return url.replace('localhost', '127.0.0.1');
  }
}

async function stopIfAlive(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await stopPinned(child);
}

/** Calls functions in the process of the load. A call fails if the function fails there or the process ends. */
function remote<Load extends object>(child: ChildProcess): Load {
  const gone = once(child, 'exit').then((): never => {
    throw new Error('The process of the load has ended.');
  });
  gone.catch(() => {});
  const call = async (name: string, args: unknown[]) => {
    const answer = await Promise.race([ask<Answer>(child, { call: name, args }), gone]);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  };
  return new Proxy({} as Load, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        call(name, args),
  });
}

/** Processor time in ms, of all threads. Linux counts it in hundredths of a second: fields 14 and 15 of proc(5). */
function cpuMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Processor time of the whole machine in ms, in user and system mode: /proc/stat in proc(5). */
function machineMs(): number {
  const [, user, nice, system] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number);
  return 10 * ((user ?? 0) + (nice ?? 0) + (system ?? 0));
}

function residentBytes({ pid }: ChildProcess): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return 1_024 * Number(kib);
}
