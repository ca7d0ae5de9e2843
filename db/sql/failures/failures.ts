import { AppError } from '../../../contract/errors.ts';
import { storeUnavailable } from '../../storeUnavailable.ts';
import type { Meaning } from './meaning.ts';
import { meaningInMysql } from './mysql.ts';
import { meaningInSqlite } from './sqlite.ts';

function meaningOf(error: unknown): Meaning | undefined {
  return meaningInSqlite(error) ?? meaningInMysql(error);
}

function means(error: unknown, ...meanings: Meaning[]): boolean {
  const meaning = meaningOf(error);
  return meaning !== undefined && meanings.includes(meaning);
}

/** Converts a driver's temporary error to `store_unavailable`. Other errors stay as they are. */
export function toStoreError(error: unknown): unknown {
  return isTemporary(error) && !(error instanceof AppError) ? storeUnavailable(error) : error;
}

/**
 * Whether the same call can succeed later. A refused login is here too: it fails every call alike, until somebody
 * changes the user's password or rights.
 */
export function isTemporary(error: unknown): boolean {
  if (error instanceof AppError) return error.retryable;
  const meaning = meaningOf(error);
  return meaning !== undefined && meaning !== 'duplicate';
}

/** Whether a start can wait for the database. */
export function isAway(error: unknown): boolean {
  return isTemporary(error) && !isRefused(error);
}

/** Whether the server refused the user, the password, the database's name, or a connection of this kind. */
export function isRefused(error: unknown): boolean {
  return means(error, 'refused');
}

/** Whether a unique key refused a row, perhaps because an earlier call has inserted it. */
export function isDuplicate(error: unknown): boolean {
  return means(error, 'duplicate');
}

/** Whether to run the transaction again at once. It may have been committed if the connection is lost. */
export function canRetryTransaction(error: unknown): boolean {
  return means(error, 'conflict', 'lost', 'read_only');
}

/** Whether the server refused to write. It has written nothing, and a new connection may lead to the new primary. */
export function isReadOnly(error: unknown): boolean {
  return means(error, 'read_only');
}

/** Whether the connection must be given up, and with it the others that were open at that time: they may be no better. */
export function spoilsConnection(error: unknown): boolean {
  return means(error, 'lost', 'silent', 'read_only');
}

/** Whether this process may not write or open SQLite's file. It may be a passing state of a file that was open before. */
export function isForbidden(error: unknown): boolean {
  return means(error, 'forbidden');
}

/** Whether another process held SQLite's write lock. The call has then written nothing. */
export function isBusy(error: unknown): boolean {
  return means(error, 'busy');
}
