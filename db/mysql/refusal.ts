import { AppError } from '../../contract/errors.ts';
import { isRefused } from '../sql/failures/failures.ts';
import type { MysqlAddress } from './url.ts';

/** The error of a start that waiting does not help. Its sentence tells the operator what to do. */
export function refusal(sentence: string, cause?: unknown): AppError {
  return new AppError('SERVICE_UNAVAILABLE', 'store_refused', sentence, { cause });
}

/** Converts the error of a server that refuses us to a sentence that says what to do. Other errors stay as they are. */
export function toRefusal(error: unknown, address: MysqlAddress): unknown {
  return isRefused(error) ? refusal(adviseOn(error as DriverError, address), error) : error;
}

type DriverError = Error & { code?: string; errno?: number };

function adviseOn({ code, errno, message }: DriverError, { user, database, host }: MysqlAddress): string {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return 'DATABASE_URL asks for TLS, but the database does not offer it. Turn TLS on in the database.';
  }
  if (code === 'HANDSHAKE_SSL_ERROR') {
    return (
      `TLS with the database “${host}” failed (${message}). DATABASE_URL needs the name that stands in the database's ` +
      "certificate, and ?ca=PATH with its authority's certificates."
    );
  }
  switch (errno) {
    case 3_159:
      return 'The database accepts only TLS. Add ?tls=true to DATABASE_URL.';
    case 1_049:
      return `There is no database “${database}” on “${host}”. Create it: CREATE DATABASE ${database} CHARACTER SET utf8mb4.`;
    case 1_044:
    case 1_142:
    case 1_143:
    case 1_227:
      return (
        `The database user “${user}” has too few rights (${message}). ` +
        `It needs all rights on the database: GRANT ALL ON ${database}.* TO the user.`
      );
    default:
      return (
        `The database refuses the user “${user}” (${message}). Check the user and the password in DATABASE_URL, and ` +
        'whether the database wants TLS (?tls=true).'
      );
  }
}
