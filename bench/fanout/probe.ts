import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Node preloads this file into every measured server, Roomscribe and the others alike. It answers the parent's questions
 * about the processor time and the memory of the process. For `memory` it collects garbage first.
 */
export type Usage = {
  cpuMs: number;
  /** Resident memory. */
  memoryBytes: number;
  /** The JavaScript heap and the memory that its objects hold outside of the heap. */
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
