import type { PlacedAudio } from '../placedAudio.ts';

/** The largest page for several pieces: two seconds of audio at 16 kHz. */
const PAGE_BYTES = 65_536;
/** Free pages that are kept for reuse. */
const MAX_FREE_PAGES = 4;

/** `endSample`: the number of the sample after the last one on the page. */
type Page = { bytes: Uint8Array; usedBytes: number; endSample: number };

/**
 * Reusable memory for the seconds of audio that a stream keeps. A new buffer for each piece would live long enough to
 * reach the old generation of the heap, and the garbage collector would run over the whole heap every few seconds.
 */
export class AudioPages {
  /** Oldest first. The last page is being filled. */
  readonly #pages: Page[] = [];
  readonly #freePages: Uint8Array[] = [];

  /** The memory that is held, for audio and for reuse. */
  get heldBytes(): number {
    const pages = [...this.#pages.map(({ bytes }) => bytes), ...this.#freePages];
    return pages.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Copies a piece of audio into a page, directly behind the piece before it if it fits there. Pieces come in order.
   * @returns the copy.
   */
  store({ at, pcm }: PlacedAudio): PlacedAudio {
    const page = this.#pageFor(pcm.length);
    const copy = page.bytes.subarray(page.usedBytes, page.usedBytes + pcm.length);
    copy.set(pcm);
    page.usedBytes += pcm.length;
    page.endSample = at + pcm.length / 2;
    return { at, pcm: copy };
  }

  /** Frees the pages whose audio lies before this sample of the stream. */
  freeBefore(sample: number): void {
    while (this.#pages.length > 1 && (this.#pages[0] as Page).endSample <= sample) {
      const { bytes } = this.#pages.shift() as Page;
      if (bytes.length <= PAGE_BYTES && this.#freePages.length < MAX_FREE_PAGES) this.#freePages.push(bytes);
    }
  }

  #pageFor(bytes: number): Page {
    const newest = this.#pages.at(-1);
    if (newest && newest.usedBytes + bytes <= newest.bytes.length) return newest;
    const free = bytes <= PAGE_BYTES ? this.#freePages.pop() : undefined;
    const memory = free && free.length >= bytes ? free : new Uint8Array(pageBytesFor(bytes));
    const page = { bytes: memory, usedBytes: 0, endSample: 0 };
    this.#pages.push(page);
    return page;
  }
}

/**
 * A page is filled by whole pieces of this length. Otherwise, pieces just over half a page would waste the other half.
 */
function pageBytesFor(pieceBytes: number): number {
  return pieceBytes * Math.max(1, Math.floor(PAGE_BYTES / pieceBytes));
}

/** Joins two pieces without a copy. @returns undefined unless they are adjacent, in the stream and in memory. */
export function joinAdjacent(first: PlacedAudio, second: PlacedAudio): PlacedAudio | undefined {
  const { buffer, byteOffset, length } = first.pcm;
  const followsInStream = first.at + length / 2 === second.at;
  const followsInMemory = buffer === second.pcm.buffer && byteOffset + length === second.pcm.byteOffset;
  if (!followsInStream || !followsInMemory) return undefined;
  return { at: first.at, pcm: new Uint8Array(buffer, byteOffset, length + second.pcm.length) };
}
