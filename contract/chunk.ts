import type { AudioPlace } from './types.ts';

/**
 * One chunk of audio. The bytes of one `transcripts.push` are
 * `streamId (16 bytes, UUID) | u32 LE seq from 0 | u32 LE flags (0) | PCM s16le mono`.
 */
export type Chunk = { streamId: string; seq: number; pcm: Uint8Array };

export const CHUNK_HEADER_BYTES = 24;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws RangeError if the stream id is not a lower-case UUID, or seq is not an unsigned 32-bit integer. */
export function encodeChunk({ streamId, seq, pcm }: Chunk): Uint8Array<ArrayBuffer> {
  if (!UUID.test(streamId)) throw new RangeError('streamId must be a lower-case UUID');
  if (!Number.isInteger(seq) || seq < 0 || seq > 0xffff_ffff) throw new RangeError('seq must be a uint32');
  const bytes = new Uint8Array(CHUNK_HEADER_BYTES + pcm.byteLength);
  const hex = streamId.replaceAll('-', '');
  for (let i = 0; i < 16; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  new DataView(bytes.buffer).setUint32(16, seq, true);
  bytes.set(pcm, CHUNK_HEADER_BYTES);
  return bytes;
}

/**
 * Reads a chunk. Its `pcm` is a view into `bytes`, not a copy. It is a plain Uint8Array even if `bytes` is a Buffer of
 * Node: `slice` copies the one, but not the other.
 * @throws RangeError that names the fault: the bytes are shorter than the header, or a flag is set.
 */
export function decodeChunk(bytes: Uint8Array): Chunk {
  if (bytes.byteLength < CHUNK_HEADER_BYTES) {
    throw new RangeError(
      `a chunk has at least ${CHUNK_HEADER_BYTES} bytes, this one has ${bytes.byteLength}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(20, true) !== 0) throw new RangeError('unknown chunk flags');
  let hex = '';
  for (const byte of bytes.subarray(0, 16)) hex += byte.toString(16).padStart(2, '0');
  const streamId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const pcm = new Uint8Array(
    bytes.buffer,
    bytes.byteOffset + CHUNK_HEADER_BYTES,
    bytes.byteLength - CHUNK_HEADER_BYTES,
  );
  return { streamId, seq: view.getUint32(16, true), pcm };
}

/** The later one of two places. */
export function laterPlace(a: AudioPlace, b: AudioPlace): AudioPlace {
  return a.seq > b.seq || (a.seq === b.seq && a.samples > b.samples) ? a : b;
}
