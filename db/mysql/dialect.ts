import { run } from '../sql/database.ts';
import type { Dialect } from '../sql/dialect.ts';
import { type HeadRow, toHeads } from '../sql/heads.ts';

const indexHint: Dialect['indexHint'] = (index) => `force index (${index})`;

/**
 * Always uses the primary key. If the ids are a good part of a small table, the optimizer would read the whole table, and
 * InnoDB locks all rows that it reads. Two writer lanes would then lock each other's rooms.
 */
const lockHeads: Dialect['lockHeads'] = async (sql, roomIds) => {
  const rows = await run<HeadRow>(
    sql,
    `select id, last_seq as lastSeq, rev from chat_rooms ${indexHint('primary')}
      where id in (${roomIds.map(() => '?').join(', ')}) order by id for update`,
    roomIds,
  );
  return toHeads(rows);
};

/** Time columns contain UTC. */
const toTimeValue: Dialect['toTimeValue'] = (iso) =>
  new Date(iso).toISOString().replace('T', ' ').replace('Z', '');

const onDuplicateUpdate: Dialect['onDuplicateUpdate'] = () => 'on duplicate key update';

export const mysqlDialect: Dialect = { begin: 'begin', lockHeads, toTimeValue, indexHint, onDuplicateUpdate };
