import type { ServerHttp2Stream } from 'node:http2';
import type { Line } from '../line.ts';
import { encodeMessage, type Message } from './eventStream.ts';

/**
 * When a fault strikes: instead of an answer to the request, at the first audio, after the first event, or instead of
 * the last results, when the audio has ended.
 */
export type Moment = 'request' | 'audio' | 'event' | 'end';

/**
 * - `end`: the answer ends as if all had been well.
 * - `silence`: the service says nothing any more, but still reads.
 * - `stall`: an error instead of an answer, of which the body never comes.
 * - `freeze`: nothing moves on the connection any more, in either direction, and it stays open.
 * - `bytes`: instead of an event come these bytes.
 * - `messages`: these come besides the events, and the service goes on.
 */
export type Fault = { at: Moment } & (
  | { kind: 'refusal'; status: number; exception: string; message: string }
  | { kind: 'exception'; exception: string; message: string }
  | { kind: 'reset'; code: number }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'messages'; messages: Message[] }
  | { kind: 'fin' | 'tcpReset' | 'goaway' | 'end' | 'silence' | 'stall' | 'freeze' }
);

export function inflict(fault: Fault, stream: ServerHttp2Stream, line: Line): void {
  switch (fault.kind) {
    case 'refusal':
      refuse(stream, fault);
      break;
    case 'exception':
      except(stream, fault);
      break;
    case 'reset':
      // Once the client has ended its side, Node ends ours well and sends no RST_STREAM at all.
      if (fault.at === 'end') line.socket.write(rstStream(stream.id ?? 0, fault.code));
      else stream.close(fault.code);
      break;
    case 'bytes':
      stream.write(fault.bytes);
      break;
    case 'messages':
      for (const message of fault.messages) stream.write(encodeMessage(message));
      break;
    case 'fin':
      line.socket.end();
      break;
    case 'tcpReset':
      line.socket.resetAndDestroy();
      break;
    case 'freeze':
      line.freeze();
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

/** The frame as it is (RFC 9113, 6.4): a length of 4, type 3, no flags, the stream, the code. */
function rstStream(id: number, code: number): Buffer {
  const frame = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  frame.writeUInt32BE(id, 5);
  frame.writeUInt32BE(code, 9);
  return frame;
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
