import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { sha256Of } from './digest.ts';

/**
 * The size of a partial download, and the validator (an ETag or a date) that tells whether the server's file is still
 * the same.
 */
export type Known = { bytes: number; validator: string };

/** A file while it is downloaded: it grows beside its place and moves there when it is complete. */
export class PartFile {
  readonly #place: string;
  readonly #part: string;
  readonly #validator: string;

  constructor(place: string) {
    this.#place = place;
    this.#part = `${place}.part`;
    this.#validator = `${place}.part.validator`;
  }

  /** Null if there is no partial download to continue. */
  async known(): Promise<Known | null> {
    const bytes = (await stat(this.#part).catch(() => null))?.size ?? 0;
    const validator = await readFile(this.#validator, 'utf8').catch(() => '');
    return bytes > 0 && validator ? { bytes, validator } : null;
  }

  async startAnew(validator: string | null): Promise<void> {
    await this.forget();
    if (validator) await writeFile(this.#validator, validator);
  }

  /** Appends to the partial download. @param onBytes called with the file's size in bytes. */
  async append(body: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void> {
    const file = await open(this.#part, 'a');
    try {
      let { size } = await file.stat();
      for await (const chunk of body) {
        await file.writeFile(chunk);
        size += chunk.length;
        onBytes(size);
      }
      // Without this the file could be empty after a power cut, though it was moved to its place.
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Moves the file to its place if its digest is right, and deletes it if not. @returns whether it was right. */
  async finish(sha256: string): Promise<boolean> {
    const isRight = (await sha256Of(this.#part).catch(() => null)) === sha256;
    if (isRight) await rename(this.#part, this.#place);
    await this.forget();
    return isRight;
  }

  async forget(): Promise<void> {
    await rm(this.#part, { force: true });
    await rm(this.#validator, { force: true });
  }
}
