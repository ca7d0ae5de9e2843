import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { temporaryDatabase } from '../../testing/serverProcess.ts';
import { ask, CORES, startPinned, stopPinned } from '../fanout/pinned.ts';
import type { Usage } from '../fanout/probe.ts';
import { START_FLAGS } from '../startFlags.ts';
import { startTranscribeProcess } from '../transcribeProcess.ts';
import type { Answer } from './answerParent.ts';

/** Of the whole machine as well: what is left of it was somebody else's, and took it from those that are measured. */
export type Cpu = { server: number; service: number; load: number; machine: number };

/** The real server on a core of its own; the service it calls and the people who speak share another one. */
export type Stage<Load> = {
  url: string;
  load: Load;
  /** Milliseconds of processor each of them has used so far. */
  cpuMs: () => Cpu;
  /** Resident memory of the server as it is. */
  residentBytes: () => number;
  /** Of the server, after everything that is not needed was thrown away. */
  usage: () => Promise<Usage>;
  /** Makes the service fail the next connection, as this row of the fault table says. */
  plant: (row: number) => void;
  /** How many calls the service has had. */
  calls: () => Promise<number>;
  stop: () => Promise<void>;
};

/**
 * @param loadFile answers `{call, args}` with `{value}` or `{error}`.
 * @param nodeOptions for the server, e.g. `--cpu-prof`.
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
    plant: (row) => void service.child.send(row),
    calls: () => ask<number>(service.child, 'calls'),
    async stop() {
      await Promise.all([load, server].map(stopLiving));
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
    // By its number: of a name, two addresses are tried, and a server that starts may be late for the first.
    if (url) return url.replace('localhost', '127.0.0.1');
  }
}

async function stopLiving(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await stopPinned(child);
}

/** @throws Error if the process says so, or ends. */
function remote<Load extends object>(child: ChildProcess): Load {
  const gone = once(child, 'exit').then((): never => {
    throw new Error('the load has ended');
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

/** Linux counts in hundredths of a second, over all threads: proc(5), fields 14 and 15. */
function cpuMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** In user and system mode: proc(5), /proc/stat. */
function machineMs(): number {
  const [, user, nice, system] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number);
  return 10 * ((user ?? 0) + (nice ?? 0) + (system ?? 0));
}

function residentBytes({ pid }: ChildProcess): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return 1_024 * Number(kib);
}
