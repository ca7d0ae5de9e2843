/**
 * The tRPC `experimental_encoder` of both ends of the WebSocket. Messages without bytes are tRPC's own JSON text
 * frames, so a stock client needs nothing of this. A call whose input is bytes travels in a binary frame:
 *
 * `u32 LE length of header | header: JSON, each input that is bytes as {"$bytes": n} | those byte runs, in order`
 */
type Call = { params?: { input?: unknown } };
type Encoded = { $bytes: number };

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true });

export const wireEncoder = {
  encode(data: unknown): string | Uint8Array<ArrayBuffer> {
    const runs: Uint8Array[] = [];
    const header = Array.isArray(data) ? data.map((call) => setAside(call, runs)) : setAside(data, runs);
    return runs.length === 0 ? JSON.stringify(data) : binaryFrame(JSON.stringify(header), runs);
  },

  /** @throws Error if the frame is not what `encode` makes. */
  decode(data: string | ArrayBuffer | Uint8Array): unknown {
    if (typeof data === 'string') return JSON.parse(data);
    const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const { header, rest } = splitFrame(frame);
    const takeRun = runReader(rest);
    const message = Array.isArray(header)
      ? header.map((call) => putBack(call, takeRun))
      : putBack(header, takeRun);
    takeRun.end();
    return message;
  },
};

function setAside(call: unknown, runs: Uint8Array[]): unknown {
  const params = (call as Call | null)?.params;
  const input = params?.input;
  if (!(input instanceof Uint8Array)) return call;
  runs.push(input);
  const encoded: Encoded = { $bytes: input.byteLength };
  return { ...(call as Call), params: { ...params, input: encoded } };
}

function putBack(call: unknown, takeRun: (length: number) => Uint8Array): unknown {
  const params = (call as Call | null)?.params;
  const length = (params?.input as Encoded | null | undefined)?.$bytes;
  if (length === undefined) return call;
  return { ...(call as Call), params: { ...params, input: takeRun(length) } };
}

function binaryFrame(header: string, runs: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const head = textEncoder.encode(header);
  const size = runs.reduce((sum, run) => sum + run.byteLength, 4 + head.byteLength);
  const frame = new Uint8Array(size);
  new DataView(frame.buffer).setUint32(0, head.byteLength, true);
  frame.set(head, 4);
  let offset = 4 + head.byteLength;
  for (const run of runs) {
    frame.set(run, offset);
    offset += run.byteLength;
  }
  return frame;
}

function splitFrame(frame: Uint8Array): { header: unknown; rest: Uint8Array } {
  if (frame.byteLength < 4) throw new Error('binary frame is too short for its header length');
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0, true);
  if (length > frame.byteLength - 4) throw new Error('binary frame is shorter than its header says');
  const header: unknown = JSON.parse(textDecoder.decode(frame.subarray(4, 4 + length)));
  return { header, rest: frame.subarray(4 + length) };
}

function runReader(rest: Uint8Array) {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    if (!Number.isInteger(length) || length < 0 || offset + length > rest.byteLength) {
      throw new Error('binary frame does not hold the bytes its header names');
    }
    offset += length;
    return rest.subarray(offset - length, offset);
  };
  const end = () => {
    if (offset !== rest.byteLength) throw new Error('binary frame holds bytes its header does not name');
  };
  return Object.assign(take, { end });
}
