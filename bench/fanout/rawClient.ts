import { connect, type Socket } from 'node:net';
import type { Seat, Wire } from './wires.ts';

export type RawClientParts = {
  port: number;
  wire: Wire;
  seat: Seat;
  cursor?: string | undefined;
  onMessage: (client: RawClient, payload: Buffer) => void;
};

const NOTHING = Buffer.alloc(0);
/** All clients share one read buffer: each read is processed before the next one begins. */
const READ = Buffer.alloc(65_536);

/**
 * A WebSocket client that does as little as possible, so that the load does not slow down the measurement. It counts
 * frames, answers pings, and does not decode messages. It masks its frames with zeros, which changes no byte.
 */
export class RawClient {
  readonly joined: Promise<void>;
  /** Number of messages so far. */
  received = 0;
  readonly #socket: Socket;
  readonly #parts: RawClientParts;
  readonly #join = Promise.withResolvers<void>();
  #rest: Buffer = NOTHING;
  #isOpen = false;

  constructor(parts: RawClientParts) {
    this.#parts = parts;
    this.joined = this.#join.promise;
    const onread = {
      buffer: READ,
      callback: (bytes: number) => {
        this.#read(READ.subarray(0, bytes));
        return true;
      },
    };
    this.#socket = connect({ port: parts.port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.#join.reject(error));
    this.#socket.write(
      `GET ${parts.wire.path} HTTP/1.1\r\nHost: 127.0.0.1:${parts.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
  }

  /** Sends these texts in one write. */
  send(texts: string[]): void {
    this.#socket.write(Buffer.concat(texts.map(maskedFrame)));
  }

  /** Stops reading. */
  stall(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = this.#isOpen ? 0 : this.#passHandshake(bytes);
    for (let frame = this.#isOpen && frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
      this.#receive(bytes.subarray(frame.from, frame.to));
      at = frame.to;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : NOTHING;
  }

  /** @returns the offset at which the frames begin; 0 while the handshake is incomplete. */
  #passHandshake(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    this.#isOpen = true;
    const { wire, seat, cursor } = this.#parts;
    this.send(wire.open(seat, cursor));
    return end + 4;
  }

  #receive(payload: Buffer): void {
    const { wire, onMessage } = this.#parts;
    if (wire.isMessage(payload)) {
      this.received += 1;
      onMessage(this, payload);
      return;
    }
    const text = payload.toString();
    const answer = wire.answer(text);
    if (answer) this.send([answer]);
    if (wire.isJoined(text)) this.#join.resolve();
  }
}

/** The range of the next frame's payload; undefined while the frame is incomplete. */
function frameAt(buffer: Buffer, at: number): { from: number; to: number } | undefined {
  if (buffer.length < at + 2) return undefined;
  const short = (buffer[at + 1] as number) & 0x7f;
  const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (buffer.length < from) return undefined;
  const size =
    short < 126
      ? short
      : short === 126
        ? buffer.readUInt16BE(at + 2)
        : Number(buffer.readBigUInt64BE(at + 2));
  return buffer.length < from + size ? undefined : { from, to: from + size };
}

function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const long = payload.length >= 126;
  const frame = Buffer.alloc((long ? 8 : 6) + payload.length);
  frame[0] = 0x81;
  frame[1] = 0x80 | (long ? 126 : payload.length);
  if (long) frame.writeUInt16BE(payload.length, 2);
  payload.copy(frame, long ? 8 : 6);
  return frame;
}
