import { isTrackedEnvelope } from '@trpc/server';

export type RequestId = number | string;

/** Makes the answers that carry events to one request: a WebSocket frame for each event, all in one buffer. */
export type Frames<T> = (events: readonly T[], id: RequestId) => Buffer;

/** FIN and the opcode of a text frame (RFC 6455, section 5.2). A server does not mask its frames. */
const TEXT_FRAME = 0x81;

/**
 * Makes the same bytes that tRPC's own adapter sends. It encodes each event once, and builds each batch once per request
 * id: subscribers of a room that use the same id get the same buffer.
 * @param shape makes what a resolver would yield for the event, tracked or not.
 */
export function createFrames<T extends object>(shape: (event: T) => unknown): Frames<T> {
  const endings = new WeakMap<T, Buffer>();
  const batches = new WeakMap<readonly T[], Map<RequestId, Buffer>>();
  // The next caller nearly always wants the same.
  let last: { events: readonly T[]; id: RequestId; frames: Buffer } | undefined;

  const endingOf = (event: T): Buffer => {
    const known = endings.get(event);
    if (known) return known;
    const ending = ownBytes(`,"result":${JSON.stringify(resultOf(shape(event)))}}`);
    endings.set(event, ending);
    return ending;
  };

  const framesOf: Frames<T> = (events, id) => {
    const byId = batches.get(events) ?? new Map<RequestId, Buffer>();
    if (byId.size === 0) batches.set(events, byId);
    const known = byId.get(id);
    if (known) return known;
    const frames = join(Buffer.from(`{"id":${JSON.stringify(id)}`), events.map(endingOf));
    byId.set(id, frames);
    return frames;
  };

  return (events, id) => {
    if (last?.events !== events || last.id !== id) last = { events, id, frames: framesOf(events, id) };
    return last.frames;
  };
}

/** One function per shape. All sockets share it, so an event is encoded only once. */
const framesByShape = new WeakMap<(event: never) => unknown, Frames<never>>();

/** Like `createFrames`, but always returns the same function for the same shape. */
export function framesFor<T extends object>(shape: (event: T) => unknown): Frames<T> {
  const frames = (framesByShape.get(shape) as Frames<T> | undefined) ?? createFrames(shape);
  framesByShape.set(shape, frames as Frames<never>);
  return frames;
}

/** Makes a WebSocket frame with this text. */
export function frameOf(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes(size) + size);
  frame.write(text, writeHeader(frame, 0, size));
  return frame;
}

/** The `result` of tRPC's answer for an event, tracked or not. */
export function resultOf(value: unknown): object {
  if (!isTrackedEnvelope(value)) return { type: 'data', data: value };
  const [id, data] = value;
  return { type: 'data', data: { id, data }, id };
}

/**
 * Encodes a text that is kept for long. `Buffer.from` would take a piece of a pool of 64 KiB, which many pieces share: a
 * room's recent messages would keep a whole pool for each message.
 */
function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Makes a frame for each ending. All frames start with the same beginning. */
function join(beginning: Buffer, endings: readonly Buffer[]): Buffer {
  const sizes = endings.map((ending) => beginning.length + ending.length);
  const frames = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + headerBytes(size) + size, 0));
  let at = 0;
  for (const [i, ending] of endings.entries()) {
    at = writeHeader(frames, at, sizes[i] as number);
    at += beginning.copy(frames, at);
    at += ending.copy(frames, at);
  }
  return frames;
}

function headerBytes(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** @returns the offset of the payload. */
function writeHeader(frames: Buffer, at: number, payload: number): number {
  frames[at] = TEXT_FRAME;
  if (payload < 126) return frames.writeUInt8(payload, at + 1);
  if (payload < 65_536) return frames.writeUInt16BE(payload, frames.writeUInt8(126, at + 1));
  return frames.writeBigUInt64BE(BigInt(payload), frames.writeUInt8(127, at + 1));
}
