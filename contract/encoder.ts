/**
 * The tRPC `experimental_encoder` of both ends of the WebSocket. A message without bytes is tRPC's own JSON text frame,
 * so a stock client works without this encoder. A call with bytes as its input travels in a binary frame:
 *
 * `u32 LE length of header | header: JSON with {"$bytes": n} in place of each byte input | the byte inputs, in order`
 */
type Call = { params?: { input?: unknown } };
type Encoded = { $bytes: number };

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true });

export const wireEncoder = {
  encode(data: unknown): string | Uint8Array<ArrayBuffer> {
    const byteInputs: Uint8Array[] = [];
    const header = Array.isArray(data)
      ? data.map((call) => extractBytes(call, byteInputs))
      : extractBytes(data, byteInputs);
    return byteInputs.length === 0 ? JSON.stringify(data) : binaryFrame(JSON.stringify(header), byteInputs);
  },

  /** @throws Error if `encode` cannot have made the frame. */
  decode(data: string | ArrayBuffer | Uint8Array): unknown {
    if (typeof data === 'string') return JSON.parse(data);
    const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const { header, rest } = splitFrame(frame);
    const takeBytes = byteReader(rest);
    const message = Array.isArray(header)
      ? header.map((call) => restoreBytes(call, takeBytes))
      : restoreBytes(header, takeBytes);
    takeBytes.end();
    return message;
  },
};

function extractBytes(call: unknown, byteInputs: Uint8Array[]): unknown {
  const params = (call as Call | null)?.params;
  const input = params?.input;
  if (!(input instanceof Uint8Array)) return call;
  byteInputs.push(input);
  const encoded: Encoded = { $bytes: input.byteLength };
  return { ...(call as Call), params: { ...params, input: encoded } };
}

function restoreBytes(call: unknown, takeBytes: (length: number) => Uint8Array): unknown {
  const params = (call as Call | null)?.params;
  const length = (params?.input as Encoded | null | undefined)?.$bytes;
  if (length === undefined) return call;
  return { ...(call as Call), params: { ...params, input: takeBytes(length) } };
}

function binaryFrame(header: string, byteInputs: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const head = textEncoder.encode(header);
  const size = byteInputs.reduce((sum, bytes) => sum + bytes.byteLength, 4 + head.byteLength);
  const frame = new Uint8Array(size);
  new DataView(frame.buffer).setUint32(0, head.byteLength, true);
  frame.set(head, 4);
  let offset = 4 + head.byteLength;
  for (const bytes of byteInputs) {
    frame.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return frame;
}

function splitFrame(frame: Uint8Array): { header: unknown; rest: Uint8Array } {
  if (frame.byteLength < 4) throw new Error('binary frame is too short for its header length');
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0, true);
  if (length > frame.byteLength - 4) throw new Error('binary frame is shorter than its header length says');
  const header: unknown = JSON.parse(textDecoder.decode(frame.subarray(4, 4 + length)));
  return { header, rest: frame.subarray(4 + length) };
}

function byteReader(rest: Uint8Array) {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    if (!Number.isInteger(length) || length < 0 || offset + length > rest.byteLength) {
      throw new Error('binary frame does not contain all the bytes that its header names');
    }
    offset += length;
    return rest.subarray(offset - length, offset);
  };
  const end = () => {
    if (offset !== rest.byteLength) throw new Error('binary frame has bytes that its header does not name');
  };
  return Object.assign(take, { end });
}
