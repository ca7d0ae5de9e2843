import type { PlacedAudio } from '../placedAudio.ts';

/** Samples of the speech stream, the last one excluded. */
export type Span = { from: number; to: number };

export type RingBufferOwner = {
  /** Whether the piece of this number, the oldest, may have to make room. */
  mayFallOut: (piece: number) => boolean;
  /** Told of what has to make room, and the number of its piece. */
  onFallOut: (span: Span, piece: number) => void;
};

/**
 * The newest audio of a stream, as far back as somebody may have to hear it again, and no more than its capacity unless
 * its owner holds on to it. Pieces are numbered as they come; they are kept by reference.
 */
export class RingBuffer {
  readonly #capacity: number;
  readonly #owner: RingBufferOwner;
  readonly #pieces: PlacedAudio[] = [];
  #first = 0;
  #samples = 0;
  #end = 0;

  /** @param capacity in samples. */
  constructor(capacity: number, owner: RingBufferOwner) {
    this.#capacity = capacity;
    this.#owner = owner;
  }

  /** The number of the oldest piece. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next piece will have. */
  get next(): number {
    return this.#first + this.#pieces.length;
  }

  /** The oldest sample held; the end if none is. */
  get start(): number {
    return this.#pieces[0]?.at ?? this.#end;
  }

  /** The sample after the newest that ever came. */
  get end(): number {
    return this.#end;
  }

  get full(): boolean {
    return this.#samples >= this.#capacity;
  }

  piece(number: number): PlacedAudio | undefined {
    return this.#pieces[number - this.#first];
  }

  append(piece: PlacedAudio): void {
    this.#pieces.push(piece);
    this.#samples += piece.pcm.length / 2;
    this.#end = endOf(piece);
    while (this.#samples > this.#capacity && this.#pieces.length > 1 && this.#owner.mayFallOut(this.#first)) {
      this.#owner.onFallOut(...this.#shift());
    }
  }

  /** Lets go what lies before a sample. */
  forget(sample: number): void {
    for (let [oldest] = this.#pieces; oldest && oldest.at < sample; [oldest] = this.#pieces) {
      if (endOf(oldest) > sample) {
        this.#pieces[0] = { at: sample, pcm: oldest.pcm.subarray(2 * (sample - oldest.at)) };
        this.#samples -= sample - oldest.at;
        return;
      }
      this.#shift();
    }
  }

  /** How many samples are held from a piece on. */
  samplesFrom(number: number): number {
    const pieces = this.#pieces.slice(Math.max(0, number - this.#first));
    return pieces.reduce((samples, { pcm }) => samples + pcm.length / 2, 0);
  }

  /** Where the audio lies that is held, oldest first. */
  spans(): Span[] {
    return this.#pieces.map(spanOf);
  }

  #shift(): [Span, number] {
    const piece = this.#pieces.shift() as PlacedAudio;
    this.#samples -= piece.pcm.length / 2;
    this.#first += 1;
    return [spanOf(piece), this.#first - 1];
  }
}

function spanOf(piece: PlacedAudio): Span {
  return { from: piece.at, to: endOf(piece) };
}

function endOf({ at, pcm }: PlacedAudio): number {
  return at + pcm.length / 2;
}
