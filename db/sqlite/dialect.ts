import type { Dialect } from '../sql/dialect.ts';
import { readHeads } from '../sql/heads.ts';

export const sqliteDialect: Dialect = {
  /** Takes the write lock of the whole file at once, so that a transaction fails as busy here or not at all. */
  begin: 'begin immediate',
  lockHeads: readHeads,
  toTimeValue: (iso) => Date.parse(iso),
  indexHint: () => '',
  onDuplicateUpdate: (key) => `on conflict (${key}) do update set`,
};
