import type { PlacedAudio } from '../placedAudio.ts';

/** Samples of the speech stream, from the first to the one after the last. */
export type Span = { from: number; to: number };

export type RingBufferOwner = {
  /** Whether the oldest piece, which has this number, may be evicted. */
  mayEvict: (piece: number) => boolean;
  /** A piece was evicted: its samples and its number. */
  onEvict: (span: Span, piece: number) => void;
};

/**
 * The newest audio of a stream. When it holds more than its capacity it evicts the oldest pieces, unless its owner
 * forbids that. Pieces are numbered as they come, from 0, and are kept by reference.
 */
export class RingBuffer {
  readonly #capacity: number;
  readonly #owner: RingBufferOwner;
  readonly #pieces: PlacedAudio[] = [];
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

  get isFull(): boolean {
    return this.#samples >= this.#capacity;
  }

  piece(number: number): PlacedAudio | undefined {
    return this.#pieces[number - this.#firstPiece];
  }

  append(piece: PlacedAudio): void {
    this.#pieces.push(piece);
    this.#samples += piece.pcm.length / 2;
    this.#endSample = endOf(piece);
    while (
      this.#samples > this.#capacity &&
      this.#pieces.length > 1 &&
      this.#owner.mayEvict(this.#firstPiece)
    ) {
      this.#owner.onEvict(...this.#shift());
    }
  }

  /** Drops the audio before this sample. */
  dropBefore(sample: number): void {
    for (let [oldest] = this.#pieces; oldest && oldest.at < sample; [oldest] = this.#pieces) {
      if (endOf(oldest) > sample) {
        this.#pieces[0] = { at: sample, pcm: oldest.pcm.subarray(2 * (sample - oldest.at)) };
        this.#samples -= sample - oldest.at;
        return;
      }
      this.#shift();
    }
  }

  /** How many samples the buffer holds from this piece on. */
  samplesFrom(piece: number): number {
    const pieces = this.#pieces.slice(Math.max(0, piece - this.#firstPiece));
    return pieces.reduce((samples, { pcm }) => samples + pcm.length / 2, 0);
  }

  /** The samples that the buffer holds, one span for each piece, oldest first. */
  spans(): Span[] {
    return this.#pieces.map(spanOf);
  }

  #shift(): [Span, number] {
    const piece = this.#pieces.shift() as PlacedAudio;
    this.#samples -= piece.pcm.length / 2;
    this.#firstPiece += 1;
    return [spanOf(piece), this.#firstPiece - 1];
  }
}

function spanOf(piece: PlacedAudio): Span {
  return { from: piece.at, to: endOf(piece) };
}

function endOf({ at, pcm }: PlacedAudio): number {
  return at + pcm.length / 2;
}
