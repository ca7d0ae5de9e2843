import { readdirSync, readFileSync } from 'node:fs';

/** The ids of the living child processes of this process that run `module` (Linux). */
export function childrenRunning(module: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isChildRunning(pid, module));
}

function isChildRunning(pid: number, module: string): boolean {
  try {
    const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(module);
  } catch {
    return false; // The process has ended meanwhile.
  }
}
