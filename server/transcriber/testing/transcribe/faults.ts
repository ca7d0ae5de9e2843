import type { ServerHttp2Stream } from 'node:http2';
import type { ClientConnection } from '../clientConnection.ts';
import { encodeMessage, type Message } from './eventStream.ts';

/**
 * When a fault strikes. `request`: instead of the answer to the request. `audio`: at the first chunk. `event`: after
 * the first event. `end`: instead of the last results, when the audio has ended.
 */
export type Moment = 'request' | 'audio' | 'event' | 'end';

/**
 * - `end`: the answer ends without an error.
 * - `silence`: the service sends nothing any more, but still reads.
 * - `stall`: the service answers with an HTTP error, but the body of the answer never comes.
 * - `freeze`: the connection stays open, but the service receives and answers nothing any more.
 * - `bytes`: the service sends these bytes instead of an event.
 * - `messages`: the service sends these messages in addition to its own, and goes on.
 */
export type Fault = { at: Moment } & (
  | { kind: 'refusal'; status: number; exception: string; message: string }
  | { kind: 'exception'; exception: string; message: string }
  | { kind: 'reset'; code: number }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'messages'; messages: Message[] }
  | { kind: 'fin' | 'tcpReset' | 'goaway' | 'end' | 'silence' | 'stall' | 'freeze' }
);

export function inflict(fault: Fault, stream: ServerHttp2Stream, connection: ClientConnection): void {
  switch (fault.kind) {
    case 'refusal':
      refuse(stream, fault);
      break;
    case 'exception':
      sendException(stream, fault);
      break;
    case 'reset':
      // Once the client has ended its side, Node would close ours without an error and send no RST_STREAM.
      if (fault.at === 'end') connection.socket.write(rstStream(stream.id ?? 0, fault.code));
      else stream.close(fault.code);
      break;
    case 'bytes':
      stream.write(fault.bytes);
      break;
    case 'messages':
      for (const message of fault.messages) stream.write(encodeMessage(message));
      break;
    case 'fin':
      connection.socket.end();
      break;
    case 'tcpReset':
      connection.socket.resetAndDestroy();
      break;
    case 'freeze':
      connection.freeze();
      break;
    case 'goaway':
      stream.session?.goaway();
      stream.session?.destroy();
      break;
    case 'end':
      stream.end();
      break;
    case 'stall':
      stream.respond({ ':status': 503 });
      break;
    case 'silence':
      break;
  }
}

/** An RST_STREAM frame (RFC 9113, 6.4): a length of 4, type 3, no flags, the stream, the code. */
function rstStream(id: number, code: number): Buffer {
  const frame = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  frame.writeUInt32BE(id, 5);
  frame.writeUInt32BE(code, 9);
  return frame;
}

/** Answers with an HTTP error instead of an event stream. */
export function refuse(
  stream: ServerHttp2Stream,
  { status, exception, message }: { status: number; exception: string; message: string },
): void {
  stream.respond({ ':status': status, 'content-type': 'application/json', 'x-amzn-errortype': exception });
  stream.end(JSON.stringify({ Message: message }));
}

/** Sends an exception as the last message of the event stream. */
export function sendException(
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
