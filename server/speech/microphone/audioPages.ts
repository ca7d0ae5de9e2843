import type { PlacedAudio } from '../placedAudio.ts';

/** Two seconds at 16 kHz. */
const PAGE_BYTES = 65_536;
/** Pages kept to be written over. */
const SPARE = 4;

type Page = { bytes: Uint8Array; used: number; until: number };

/**
 * Memory for the audio of a stream that is kept for seconds, written over and over. Made anew for each piece it would
 * be freed only with the old part of the whole heap, through which the garbage collector would go every few seconds.
 */
export class AudioPages {
  /** Oldest first; the last one is being filled. */
  readonly #pages: Page[] = [];
  readonly #spare: Uint8Array[] = [];

  /** A copy, directly behind the one before if it fits there. Pieces come in order. */
  keep({ at, pcm }: PlacedAudio): PlacedAudio {
    const page = this.#pageFor(pcm.length);
    const kept = page.bytes.subarray(page.used, page.used + pcm.length);
    kept.set(pcm);
    page.used += pcm.length;
    page.until = at + pcm.length / 2;
    return { at, pcm: kept };
  }

  /** Nobody needs what lies before this sample of the stream any more. */
  forget(sample: number): void {
    while (this.#pages.length > 1 && (this.#pages[0] as Page).until <= sample) {
      const { bytes } = this.#pages.shift() as Page;
      if (bytes.length === PAGE_BYTES && this.#spare.length < SPARE) this.#spare.push(bytes);
    }
  }

  #pageFor(bytes: number): Page {
    const newest = this.#pages.at(-1);
    if (newest && newest.used + bytes <= newest.bytes.length) return newest;
    const spare = bytes <= PAGE_BYTES ? this.#spare.pop() : undefined;
    const page = { bytes: spare ?? new Uint8Array(Math.max(bytes, PAGE_BYTES)), used: 0, until: 0 };
    this.#pages.push(page);
    return page;
  }
}

/** Two pieces as one; undefined if the second does not follow on the first, in the stream or in memory. */
export function joined(first: PlacedAudio, second: PlacedAudio): PlacedAudio | undefined {
  const { buffer, byteOffset, length } = first.pcm;
  const follows = first.at + length / 2 === second.at;
  const isBehind = buffer === second.pcm.buffer && byteOffset + length === second.pcm.byteOffset;
  if (!follows || !isBehind) return undefined;
  return { at: first.at, pcm: new Uint8Array(buffer, byteOffset, length + second.pcm.length) };
}
