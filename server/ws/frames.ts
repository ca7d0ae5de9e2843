import { isTrackedEnvelope } from '@trpc/server';

export type RequestId = number | string;

/** Events as the answers to one request, ready for the socket: a WebSocket frame for each, in one buffer. */
export type Frames<T> = (events: readonly T[], id: RequestId) => Buffer;

/** FIN and the opcode of a text frame; a server's frames are not masked. RFC 6455, section 5.2. */
const TEXT_FRAME = 0x81;

/**
 * tRPC's answers, byte by byte as its own adapter sends them, made once per event and then once per batch and request
 * id: the subscribers of a room who use the same id are sent the same buffer.
 * @param shape what a resolver would yield for the event: tracked or not.
 */
export function createFrames<T extends object>(shape: (event: T) => unknown): Frames<T> {
  const endings = new WeakMap<T, Buffer>();
  const batches = new WeakMap<readonly T[], Map<RequestId, Buffer>>();
  // Nearly always the next one to ask wants the same.
  let last: { events: readonly T[]; id: RequestId; frames: Buffer } | undefined;

  const endingOf = (event: T): Buffer => {
    const known = endings.get(event);
    if (known) return known;
    const ending = Buffer.from(`,"result":${JSON.stringify(resultOf(shape(event)))}}`);
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

/** The frames of each shape: every socket's subscriptions of one kind share them, and so an event is serialised once. */
const known = new WeakMap<(event: never) => unknown, Frames<never>>();

/** As `createFrames`; the same shape is always given the same frames. */
export function framesFor<T extends object>(shape: (event: T) => unknown): Frames<T> {
  const frames = (known.get(shape) as Frames<T> | undefined) ?? createFrames(shape);
  known.set(shape, frames as Frames<never>);
  return frames;
}

/** A text as a WebSocket frame. */
export function frameOf(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes(size) + size);
  frame.write(text, writeHeader(frame, 0, size));
  return frame;
}

/** What tRPC says of an event, tracked or not. */
export function resultOf(value: unknown): object {
  if (!isTrackedEnvelope(value)) return { type: 'data', data: value };
  const [id, data] = value;
  return { type: 'data', data: { id, data }, id };
}

/** A frame for each ending, all with the same beginning. */
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

/** @returns where the payload begins. */
function writeHeader(frames: Buffer, at: number, payload: number): number {
  frames[at] = TEXT_FRAME;
  if (payload < 126) return frames.writeUInt8(payload, at + 1);
  if (payload < 65_536) return frames.writeUInt16BE(payload, frames.writeUInt8(126, at + 1));
  return frames.writeBigUInt64BE(BigInt(payload), frames.writeUInt8(127, at + 1));
}
