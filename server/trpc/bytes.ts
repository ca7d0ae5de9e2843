import { z } from 'zod';
import { LIMITS } from '../contract/limits.ts';
import { AppError } from '../errors.ts';

/** Bytes as they arrive: whole in a binary WebSocket frame, or as the stream of an octet-stream body. */
export const bytesInput = z
  .union(
    [z.instanceof(Uint8Array), z.instanceof(ReadableStream)],
    'Send bytes: a binary frame or an octet-stream body.',
  )
  .transform((input) => (input instanceof Uint8Array ? input : readAll(input)));

async function readAll(stream: ReadableStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream as ReadableStream<Uint8Array>) {
    size += part.byteLength;
    if (size > LIMITS.frameBytes)
      throw new AppError('PAYLOAD_TOO_LARGE', 'body_too_large', 'The body is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
