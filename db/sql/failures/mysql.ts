import type { Meaning } from './meaning.ts';

/**
 * The errors of servers and of proxies before them, by number. mysql2 has no names for those of MariaDB and of proxies,
 * and one name for several. The numbers stand in:
 * - https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html (also 3, under "global errors")
 * - https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html (2002 to 2055; proxies pass them on)
 * - https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
export const SERVER_ERRORS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [1047, 'lost'], // ER_UNKNOWN_COM_ERROR: a Galera node that has left its cluster ("WSREP has not yet prepared node")
  [1053, 'lost'], // ER_SERVER_SHUTDOWN
  [1152, 'lost'], // ER_ABORTING_CONNECTION
  [1156, 'lost'], // ER_NET_PACKETS_OUT_OF_ORDER
  [1158, 'lost'], // ER_NET_READ_ERROR
  [1159, 'lost'], // ER_NET_READ_INTERRUPTED
  [1160, 'lost'], // ER_NET_ERROR_ON_WRITE
  [1161, 'lost'], // ER_NET_WRITE_INTERRUPTED
  [1180, 'lost'], // ER_ERROR_DURING_COMMIT
  [1184, 'lost'], // ER_NEW_ABORTING_CONNECTION
  [1243, 'lost'], // ER_UNKNOWN_STMT_HANDLER: a proxy has changed the server behind it
  [1615, 'lost'], // ER_NEED_REPREPARE
  [1927, 'lost'], // MariaDB: ER_CONNECTION_KILLED; MaxScale has lost its server
  [2002, 'lost'], // CR_CONNECTION_ERROR
  [2003, 'lost'], // CR_CONN_HOST_ERROR
  [2006, 'lost'], // CR_SERVER_GONE_ERROR
  [2013, 'lost'], // CR_SERVER_LOST
  [2055, 'lost'], // CR_SERVER_LOST_EXTENDED
  [3032, 'lost'], // ER_SERVER_OFFLINE_MODE
  [3168, 'lost'], // ER_SERVER_ISNT_AVAILABLE
  [3169, 'lost'], // ER_SESSION_WAS_KILLED
  [4031, 'lost'], // ER_CLIENT_INTERACTION_TIMEOUT

  [1036, 'read_only'], // ER_OPEN_AS_READONLY: innodb_read_only, innodb_force_recovery
  [1223, 'read_only'], // ER_CANT_UPDATE_WITH_READLOCK: flush tables with read lock
  [1290, 'read_only'], // ER_OPTION_PREVENTS_STATEMENT: read_only, super_read_only, a reader of Aurora
  [1792, 'read_only'], // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  [1836, 'read_only'], // ER_READ_ONLY_MODE
  [3100, 'read_only'], // ER_RUN_HOOK_ERROR: group replication without a majority

  [1020, 'conflict'], // ER_CHECKREAD: MariaDB's innodb_snapshot_isolation
  [1213, 'conflict'], // ER_LOCK_DEADLOCK, also a conflict between the nodes of a Galera cluster
  [3101, 'conflict'], // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: a conflict in group replication

  [3, 'later'], // EE_WRITE: a temporary file cannot be written
  [1021, 'later'], // ER_DISK_FULL
  [1026, 'later'], // ER_ERROR_ON_WRITE
  [1028, 'later'], // ER_FILSORT_ABORT
  [1037, 'later'], // ER_OUTOFMEMORY
  [1038, 'later'], // ER_OUT_OF_SORTMEMORY
  [1040, 'later'], // ER_CON_COUNT_ERROR: too many connections
  [1041, 'later'], // ER_OUT_OF_RESOURCES
  [1114, 'later'], // ER_RECORD_FILE_FULL: also a full tablespace
  [1129, 'later'], // ER_HOST_IS_BLOCKED, until somebody unblocks the host
  [1203, 'later'], // ER_TOO_MANY_USER_CONNECTIONS
  [1205, 'later'], // ER_LOCK_WAIT_TIMEOUT: the call has waited already
  [1206, 'later'], // ER_LOCK_TABLE_FULL
  [1226, 'later'], // ER_USER_LIMIT_REACHED
  [1317, 'later'], // ER_QUERY_INTERRUPTED: somebody has ended the statement on purpose
  [1461, 'later'], // ER_MAX_PREPARED_STMT_COUNT_REACHED
  [1969, 'later'], // MariaDB: ER_STATEMENT_TIMEOUT
  [3024, 'later'], // ER_QUERY_TIMEOUT
  [9001, 'later'], // ProxySQL: no server of the hostgroup can be reached

  [1044, 'refused'], // ER_DBACCESS_DENIED_ERROR
  [1045, 'refused'], // ER_ACCESS_DENIED_ERROR
  [1049, 'refused'], // ER_BAD_DB_ERROR
  [1130, 'refused'], // ER_HOST_NOT_PRIVILEGED
  [1142, 'refused'], // ER_TABLEACCESS_DENIED_ERROR
  [1143, 'refused'], // ER_COLUMNACCESS_DENIED_ERROR
  [1227, 'refused'], // ER_SPECIFIC_ACCESS_DENIED_ERROR
  [1698, 'refused'], // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  [1820, 'refused'], // ER_MUST_CHANGE_PASSWORD
  [1862, 'refused'], // ER_MUST_CHANGE_PASSWORD_LOGIN
  [3118, 'refused'], // ER_ACCOUNT_HAS_BEEN_LOCKED
  [3159, 'refused'], // ER_SECURE_TRANSPORT_REQUIRED
  [4151, 'refused'], // MariaDB: ER_ACCOUNT_HAS_BEEN_LOCKED

  [1062, 'duplicate'], // ER_DUP_ENTRY
]);

/** The errors of this side, by code: mysql2's own, and those of Node's sockets (see `man 3 errno`). */
const CLIENT_ERRORS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['PROTOCOL_CONNECTION_LOST', 'lost'],
  ['PROTOCOL_UNEXPECTED_PACKET', 'lost'],
  ['PROTOCOL_ERROR', 'lost'],
  ['ECONNRESET', 'lost'],
  ['ECONNABORTED', 'lost'],
  ['EPIPE', 'lost'],
  ['PROTOCOL_SEQUENCE_TIMEOUT', 'silent'],
  ['ETIMEDOUT', 'silent'],
  ['ECONNREFUSED', 'later'],
  ['EHOSTUNREACH', 'later'],
  ['EHOSTDOWN', 'later'],
  ['ENETUNREACH', 'later'],
  ['ENETDOWN', 'later'],
  ['EMFILE', 'later'],
  ['ENOTFOUND', 'later'],
  ['EAI_AGAIN', 'later'],
  ['HANDSHAKE_NO_SSL_SUPPORT', 'refused'],
  ['HANDSHAKE_SSL_ERROR', 'refused'],
  ['AUTH_SWITCH_PLUGIN_ERROR', 'refused'],
]);

/** What an error of MySQL, MariaDB or mysql2 means. The ORM's own errors keep the driver's properties. */
export function meaningInMysql(error: unknown): Meaning | undefined {
  const { code, errno, message } = (error ?? {}) as { code?: unknown; errno?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  // Node's socket errors have negative numbers.
  if (typeof errno === 'number' && errno > 0) return SERVER_ERRORS.get(errno) ?? fullDisk(errno, text);
  // A connection that breaks during the TLS handshake gets the same code from mysql2 as a certificate that is refused.
  if (code === 'HANDSHAKE_SSL_ERROR' && /ECONNRESET|EPIPE|disconnected/.test(text)) return 'lost';
  // mysql2 reports a connection that broke while it was idle in these words, without a code.
  if (/closed state|Pool is closed/.test(text)) return 'lost';
  return typeof code === 'string' ? CLIENT_ERRORS.get(code) : undefined;
}

/** 1030 is ER_GET_ERRNO, which quotes an error of the storage engine. 28 is ENOSPC. Other ones are about one row. */
function fullDisk(errno: number, message: string): Meaning | undefined {
  return errno === 1_030 && /\berror 28\b/i.test(message) ? 'later' : undefined;
}
