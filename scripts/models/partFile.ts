import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { sha256Of } from './digest.ts';

/** What has come of a file, and what tells whether the server still means the same one (an ETag or a date). */
export type Known = { bytes: number; validator: string };

/** A file that is on its way: it grows beside its place and moves there when it is whole. */
export class PartFile {
  readonly #place: string;
  readonly #part: string;
  readonly #validator: string;

  constructor(place: string) {
    this.#place = place;
    this.#part = `${place}.part`;
    this.#validator = `${place}.part.validator`;
  }

  /** Null if there is nothing that could be continued. */
  async known(): Promise<Known | null> {
    const bytes = (await stat(this.#part).catch(() => null))?.size ?? 0;
    const validator = await readFile(this.#validator, 'utf8').catch(() => '');
    return bytes > 0 && validator ? { bytes, validator } : null;
  }

  async startAnew(validator: string | null): Promise<void> {
    await this.forget();
    if (validator) await writeFile(this.#validator, validator);
  }

  /** Adds to what is there. @param onBytes how many bytes the file has now. */
  async append(body: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void> {
    const file = await open(this.#part, 'a');
    try {
      let { size } = await file.stat();
      for await (const chunk of body) {
        await file.writeFile(chunk);
        size += chunk.length;
        onBytes(size);
      }
      // What has moved to its place must not turn out empty after a power cut.
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Moves it to its place if it is right, and throws it away otherwise. @returns whether it was. */
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
