import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { encodeMessage } from './eventStream.ts';

/**
 * When a fault strikes: instead of an answer to the request, at the first audio, after the first event, or instead of
 * the last results, when the audio has ended.
 */
export type Moment = 'request' | 'audio' | 'event' | 'end';

/** `silence` = nothing is said any more; `end` = the answer ends as if all had been well. */
export type Fault = { at: Moment } & (
  | { kind: 'refusal'; status: number; exception: string; message: string }
  | { kind: 'exception'; exception: string; message: string }
  | { kind: 'reset'; code: number }
  | { kind: 'fin' | 'tcpReset' | 'goaway' | 'end' | 'silence' }
);

export function inflict(fault: Fault, stream: ServerHttp2Stream, socket: Socket): void {
  switch (fault.kind) {
    case 'refusal':
      refuse(stream, fault);
      break;
    case 'exception':
      except(stream, fault);
      break;
    case 'reset':
      stream.close(fault.code);
      break;
    case 'fin':
      socket.end();
      break;
    case 'tcpReset':
      socket.resetAndDestroy();
      break;
    case 'goaway':
      stream.session?.goaway();
      stream.session?.destroy();
      break;
    case 'end':
      stream.end();
      break;
    case 'silence':
      break;
  }
}

/** An HTTP error instead of an event stream. */
export function refuse(
  stream: ServerHttp2Stream,
  { status, exception, message }: { status: number; exception: string; message: string },
): void {
  stream.respond({ ':status': status, 'content-type': 'application/json', 'x-amzn-errortype': exception });
  stream.end(JSON.stringify({ Message: message }));
}

/** An exception as the last message of an event stream. */
export function except(
  stream: ServerHttp2Stream,
  { exception, message }: { exception: string; message: string },
): void {
  const headers = {
    ':message-type': 'exception',
    ':exception-type': exception,
    ':content-type': 'application/json',
  };
  stream.end(encodeMessage({ headers, body: Buffer.from(JSON.stringify({ Message: message })) }));
}
