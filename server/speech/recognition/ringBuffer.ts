import type { GapReason } from '../../../contract/types.ts';
import type { PlacedAudio } from '../placedAudio.ts';

/** Samples of the speech stream, from the first to the one after the last. */
export type Span = { from: number; to: number };
/** Audio that never arrived, and why. */
export type LostSpan = Span & { reason: GapReason };
/** A piece of audio, or the mark of a loss. A mark holds no audio. */
export type RingPiece = PlacedAudio & { lost?: LostSpan };

export type RingBufferOwner = {
  /** Whether the oldest piece, which has this number, may be evicted. */
  mayEvict: (piece: number) => boolean;
  /** A piece was evicted: its samples and its number. */
  onEvict: (span: Span | LostSpan, piece: number) => void;
};

/**
 * The newest audio of a stream. When it holds more than its capacity it evicts the oldest pieces, unless its owner
 * forbids that. Pieces are numbered as they come, from 0, and are kept by reference.
 */
export class RingBuffer {
  readonly #capacity: number;
  readonly #owner: RingBufferOwner;
  readonly #pieces: RingPiece[] = [];
  #firstPiece = 0;
  #samples = 0;
  #endSample = 0;

  /** @param capacity in samples. */
  constructor(capacity: number, owner: RingBufferOwner) {
    this.#capacity = capacity;
    this.#owner = owner;
  }

  /** The number of the oldest piece. */
  get firstPiece(): number {
    return this.#firstPiece;
  }

  /** The number that the next new piece gets. */
  get nextPiece(): number {
    return this.#firstPiece + this.#pieces.length;
  }

  /** The oldest sample in the buffer, or `endSample` if the buffer is empty. */
  get startSample(): number {
    return this.#pieces[0]?.at ?? this.#endSample;
  }

  /** The sample after the newest one that ever came. */
  get endSample(): number {
    return this.#endSample;
  }

  /** How many samples the buffer holds. */
  get samples(): number {
    return this.#samples;
  }

  get isFull(): boolean {
    return this.#samples >= this.#capacity;
  }

  piece(number: number): RingPiece | undefined {
    return this.#pieces[number - this.#firstPiece];
  }

  append(piece: RingPiece): void {
    this.#pieces.push(piece);
    this.#samples += piece.pcm.length / 2;
    this.#endSample = endOf(piece);
    while (this.#isOver(this.#capacity) && this.#owner.mayEvict(this.#firstPiece)) this.#evict();
  }

  /** Evicts the oldest pieces until at most so many samples are left, without asking the owner. */
  evictOver(samples: number): void {
    while (this.#isOver(samples)) this.#evict();
  }

  /** Removes the oldest piece and returns its loss, if it is the mark of one. */
  shiftLost(): LostSpan | undefined {
    const lost = this.#pieces[0]?.lost;
    if (lost) this.#shift();
    return lost;
  }

  /** Drops the audio before this sample. */
  dropBefore(sample: number): void {
    for (let [oldest] = this.#pieces; oldest && oldest.at < sample; [oldest] = this.#pieces) {
      if (endOf(oldest) > sample) {
        if (oldest.lost) return;
        this.#pieces[0] = { at: sample, pcm: oldest.pcm.subarray(2 * (sample - oldest.at)) };
        this.#samples -= sample - oldest.at;
        return;
      }
      this.#shift();
    }
  }

  /** The samples that the buffer holds, one span for each piece, oldest first. */
  spans(): Span[] {
    return this.#pieces.map(spanOf);
  }

  #isOver(samples: number): boolean {
    return this.#samples > samples && this.#pieces.length > 1;
  }

  #evict(): void {
    this.#owner.onEvict(...this.#shift());
  }

  #shift(): [Span | LostSpan, number] {
    const piece = this.#pieces.shift() as RingPiece;
    this.#samples -= piece.pcm.length / 2;
    this.#firstPiece += 1;
    return [spanOf(piece), this.#firstPiece - 1];
  }
}

function spanOf(piece: RingPiece): Span | LostSpan {
  return piece.lost ?? { from: piece.at, to: endOf(piece) };
}

function endOf({ at, pcm, lost }: RingPiece): number {
  return lost?.to ?? at + pcm.length / 2;
}
