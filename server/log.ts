import { type DestinationStream, type Logger, pino } from 'pino';
import { AppError } from '../contract/errors.ts';

/** Messages are static, data goes into fields. Never log what people said or wrote, never a token. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * A log that writes one JSON object a line.
 * @param level trace, debug, info, warn, error or silent.
 * @param destination where the lines go. The default is standard error; tests read them.
 */
export function createLog(level: string, destination: DestinationStream = standardError()): Log {
  return pino({ level, base: undefined, serializers: { err: describeError } }, destination);
}

function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true });
  // Without this listener, a log on a full disk ends the process.
  destination.on('error', () => {});
  return destination;
}

/**
 * Describes an error for the log. Only an AppError keeps its message: a parser or a database quotes its input in the
 * message, and that input may be what somebody said.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    code,
    ...(error instanceof AppError && { reason: error.reason, message: error.message }),
    at: stackLines(error),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** The "at …" lines of the stack. The stack begins with the message, which may contain lines that look the same. */
function stackLines({ stack = '', message }: Error): string[] {
  const after = stack.indexOf(message) + message.length;
  const lines = stack.slice(after).split('\n');
  return lines.filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line)).map((line) => line.trim());
}
