import type { ConnectionOptions } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { refusal } from './refusal.ts';

/** Below this, a commit of many long messages might not fit. Each server's default is 16 MiB or more. */
const PACKET_BYTES = 4 << 20;

type Facts = { version: string; packetBytes: number | string };

/**
 * Looks at a server before the pool uses it. The session is not pinned, because an old server lacks what is pinned; so it
 * reads no table.
 * @returns its version, as the server says it.
 * @throws AppError `store_refused` for a server that cannot keep what Roomscribe stores; else the driver's error.
 */
export async function inspectServer(options: ConnectionOptions): Promise<string> {
  const connection = await createConnection(options);
  try {
    const [rows] = await connection.query(
      'select version() as version, @@global.max_allowed_packet as packetBytes',
    );
    const [facts] = rows as [Facts];
    mustSuit(facts);
    return facts.version;
  } finally {
    connection.destroy();
  }
}

function mustSuit({ version, packetBytes }: Facts): void {
  if (isTooOld(version)) {
    throw refusal(
      `The database is version ${version}. Roomscribe needs MySQL 8.0 or later, or MariaDB 10.6 or later: older ones lack ` +
        'window functions or utf8mb4, or leave a table half changed if they stop during an upgrade.',
    );
  }
  if (Number(packetBytes) < PACKET_BYTES) {
    throw refusal(
      `The database takes statements of at most ${packetBytes} bytes, too few for long messages. ` +
        `Set its max_allowed_packet to ${PACKET_BYTES} or more.`,
    );
  }
}

/** Atomic DDL came with MySQL 8.0 and MariaDB 10.6, window functions with MySQL 8.0 and MariaDB 10.2. */
function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  return /mariadb/i.test(version) ? major < 10 || (major === 10 && minor < 6) : major < 8;
}
