import { createHmac, hash } from 'node:crypto';

type Data = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256, or its HMAC with a secret, in the shape the SDK asks for. The SDK's own makes two native objects a hash and
 * copies one from the other: six for each piece of audio, and the garbage collector has to let go of every one.
 */
export class AwsSha256 {
  readonly digestLength = 32;
  readonly #secret: Data | undefined;
  #parts: Buffer[] = [];

  constructor(secret?: Data) {
    this.#secret = secret;
  }

  update(data: Data): void {
    this.#parts.push(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    if (this.#secret === undefined) return hash('sha256', bytes, 'buffer');
    return createHmac('sha256', bytesOf(this.#secret)).update(bytes).digest();
  }

  reset(): void {
    this.#parts = [];
  }
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
