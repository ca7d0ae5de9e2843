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
      return refuse(stream, fault);
    case 'exception':
      return except(stream, fault);
    case 'reset':
      return stream.close(fault.code);
    case 'fin':
      socket.end();
      return;
    case 'tcpReset':
      socket.resetAndDestroy();
      return;
    case 'goaway':
      stream.session?.goaway();
      stream.session?.destroy();
      return;
    case 'end':
      stream.end();
      return;
    case 'silence':
      return;
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
