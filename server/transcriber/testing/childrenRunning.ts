import { readdirSync, readFileSync } from 'node:fs';

/** The processes that this one has started to run `module`, and that still live (Linux). */
export function childrenRunning(module: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isOurs(pid, module));
}

function isOurs(pid: number, module: string): boolean {
  try {
    const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(module);
  } catch {
    return false; // It has ended meanwhile.
  }
}
