import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Preloaded into every server that is measured, ours and theirs alike: tells its parent, when it is asked, what it has
 * used so far. Memory is told after everything that is not needed has been thrown away.
 */
export type Usage = {
  cpuMs: number;
  /** Resident. */
  memoryBytes: number;
  /** Of JavaScript, what it holds outside of the heap included. */
  heapBytes: number;
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

process.on('message', (question: 'cpu' | 'memory') => {
  if (question === 'memory') for (let i = 0; i < 4; i += 1) collectGarbage();
  const { user, system } = process.cpuUsage();
  const { rss: memoryBytes, heapUsed, external } = process.memoryUsage();
  const usage: Usage = { cpuMs: (user + system) / 1_000, memoryBytes, heapBytes: heapUsed + external };
  process.send?.(usage);
});
process.channel?.unref();
