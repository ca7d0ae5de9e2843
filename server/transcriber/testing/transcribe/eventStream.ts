import { crc32 } from 'node:zlib';

/**
 * AWS event stream framing, big endian:
 * `u32 total length | u32 headers length | u32 CRC of those 8 bytes | headers | body | u32 CRC of all before`.
 * A header is `u8 name length | name | u8 type | value`. This code knows only the types that Transcribe uses:
 * 6 bytes, 7 string (both `u16 length | bytes`), 8 timestamp (i64 milliseconds).
 * Source: "Event stream encoding" in the Amazon Transcribe developer guide.
 */
export type Message = { headers: Record<string, HeaderValue>; body: Buffer };
type HeaderValue = string | Buffer | Date;

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;

export function encodeMessage({ headers, body }: Message): Buffer {
  const head = encodeHeaders(headers);
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(PRELUDE_BYTES + head.length + body.length + CRC_BYTES, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, head, body]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

export function encodeHeaders(headers: Record<string, HeaderValue>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([Buffer.byteLength(name)]),
      Buffer.from(name),
      encodeValue(value),
    ]),
  );
}

function encodeValue(value: HeaderValue): Buffer {
  if (value instanceof Date) {
    const bytes = Buffer.alloc(9, 8);
    bytes.writeBigInt64BE(BigInt(value.getTime()), 1);
    return bytes;
  }
  const bytes = Buffer.from(value);
  const head = Buffer.from([typeof value === 'string' ? 7 : 6, 0, 0]);
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** @throws Error if a checksum or a header type is wrong. */
export function decodeMessage(bytes: Buffer): Message {
  const headersEnd = PRELUDE_BYTES + bytes.readUInt32BE(4);
  const bodyEnd = bytes.length - CRC_BYTES;
  if (bytes.readUInt32BE(8) !== crc32(bytes.subarray(0, 8))) throw new Error('wrong checksum of the prelude');
  if (bytes.readUInt32BE(bodyEnd) !== crc32(bytes.subarray(0, bodyEnd)))
    throw new Error('wrong checksum of the message');
  return {
    headers: decodeHeaders(bytes.subarray(PRELUDE_BYTES, headersEnd)),
    body: bytes.subarray(headersEnd, bodyEnd),
  };
}

function decodeHeaders(bytes: Buffer): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {};
  for (let at = 0; at < bytes.length; ) {
    const type = at + 1 + bytes.readUInt8(at);
    const name = bytes.toString('utf8', at + 1, type);
    const [value, length] = decodeValue(bytes.subarray(type));
    headers[name] = value;
    at = type + length;
  }
  return headers;
}

/** Returns the value and the number of its bytes, including the type byte. */
function decodeValue(bytes: Buffer): [HeaderValue, number] {
  const type = bytes.readUInt8(0);
  if (type === 8) return [new Date(Number(bytes.readBigInt64BE(1))), 9];
  if (type !== 6 && type !== 7) throw new Error(`unknown header type ${type}`);
  const end = 3 + bytes.readUInt16BE(1);
  const value = bytes.subarray(3, end);
  return [type === 7 ? value.toString() : value, end];
}

/** Cuts a byte stream, which may break anywhere, into whole messages. */
export class MessageReader {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): Message[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: Message[] = [];
    for (;;) {
      const length = this.#rest.length < 4 ? Number.POSITIVE_INFINITY : this.#rest.readUInt32BE(0);
      if (this.#rest.length < length) return messages;
      messages.push(decodeMessage(this.#rest.subarray(0, length)));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
