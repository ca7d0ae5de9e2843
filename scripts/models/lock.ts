import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a lock on a file. The operating system releases it when the process ends, however it ends. A file with a
 * process id in it would not do: another process may have that id by then, above all in containers. SQLite does the
 * locking.
 * @returns the function that releases it, or null if another process has it.
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
