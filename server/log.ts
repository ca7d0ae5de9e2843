import { type DestinationStream, type Logger, pino } from 'pino';
import { AppError } from '../contract/errors.ts';

/** Static messages, data in fields; never what people said, never a token. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * @param level pino's: trace, debug, info, warn, error, silent.
 * @param destination where the lines go: standard error, unless a test reads them.
 */
export function createLog(level: string, destination: DestinationStream = standardError()): Log {
  return pino({ level, base: undefined, serializers: { err: describeError } }, destination);
}

function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true });
  // A disk that is full must not end the process by way of its log.
  destination.on('error', () => {});
  return destination;
}

/**
 * An error without its message unless that is ours: a parser's or a database's quotes what it stumbled over, and that
 * may be what somebody said.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    code,
    ...(error instanceof AppError && { reason: error.reason, message: error.message }),
    at: placesIn(error),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** Where it happened. The stack begins with the message, whose lines may look like places. */
function placesIn({ stack = '', message }: Error): string[] {
  const after = stack.indexOf(message) + message.length;
  const lines = stack.slice(after).split('\n');
  return lines.filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line)).map((line) => line.trim());
}
