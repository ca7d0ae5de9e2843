import type { Log } from '../server/log.ts';

/** A log that keeps its entries for the test: level, message and fields. */
export type NotedLog = Log & { notes: { level: string; message: string; fields: object }[] };

export function createNotedLog(): NotedLog {
  const notes: NotedLog['notes'] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void notes.push({ level, message, fields });
  const levels = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  return { ...(levels as Log), notes };
}
