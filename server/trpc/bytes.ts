import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';

/**
 * Parses an input of bytes: the bytes of a binary WebSocket frame, or the stream of an octet-stream body. It is a
 * function and not a zod schema, because zod tries a schema twice and a stream can be read only once.
 * @throws AppError BAD_REQUEST for other inputs, PAYLOAD_TOO_LARGE above `LIMITS.frameBytes`
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
