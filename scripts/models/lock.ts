import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a lock that the operating system keeps on a file and lets go of when the process ends, however it ends: a file
 * with a process id in it may name another process by then, above all in containers. SQLite does the locking.
 * @returns what lets it go, or null if another process has it.
 */
export function takeLock(path: string): (() => void) | null {
  const database = new DatabaseSync(path);
  try {
    database.exec('BEGIN EXCLUSIVE');
    return () => database.close();
  } catch {
    database.close();
    return null;
  }
}
