import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';

/**
 * Bytes as they arrive: whole in a binary WebSocket frame, or as the stream of an octet-stream body. A function and
 * no schema: zod would try a schema twice, the first time without waiting, and a stream can be read only once.
 */
export async function bytesInput(input: unknown): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input;
  if (input instanceof ReadableStream) return readAll(input);
  throw new AppError('BAD_REQUEST', 'invalid_input', 'Send bytes: a binary frame or an octet-stream body.');
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.byteLength;
    if (size > LIMITS.frameBytes)
      throw new AppError('PAYLOAD_TOO_LARGE', 'body_too_large', 'The body is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
