import type { GapReason } from '../../../contract/types.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { EngineCall } from './engineCall.ts';
import { type Gap, Gaps, joinGaps } from './gaps.ts';
import { Intake } from './intake.ts';
import { type LostSpan, RingBuffer, type Span } from './ringBuffer.ts';
import type { LaterAudio } from './types.ts';

export type ReplayBufferOwner = {
  currentCall: () => EngineCall | undefined;
  /** Why audio is lost now. */
  gapReason: () => GapReason;
  /** A piece of audio came, or the end of it. */
  onAudio: () => void;
  /** Audio was evicted. The buffer holds nothing before this sample. */
  onEvicted: (sample: number) => void;
  onError: (error: unknown) => void;
};

export type ReplayBufferOptions = {
  sampleRate: number;
  replaySeconds: number;
  replayBytes: number;
  /** What follows the segment. */
  later?: LaterAudio | undefined;
  /** The number of the sample that is spoken now, if the source is live. */
  currentSample?: (() => number) | undefined;
};

/**
 * An engine that is too slow loses this part of the buffer at once. Piece by piece, it would lose a syllable of every
 * word instead of a word now and then.
 */
const SLOW_BLOCK = 0.05;

/**
 * The audio of a segment that has no final yet, so that a new call can be sent it again. It keeps the newest audio, up
 * to its capacity; older audio becomes a gap. The source is read as fast as the engine takes audio, and without a call
 * as it comes. A live source cannot wait: what lies in it counts as kept too, and is read in time to be evicted.
 */
export class ReplayBuffer {
  readonly ring: RingBuffer;
  readonly #owner: ReplayBufferOwner;
  readonly #capacity: number;
  readonly #sampleRate: number;
  readonly #later: LaterAudio | undefined;
  readonly #currentSample: (() => number) | undefined;
  readonly #intake: Intake;
  readonly #gaps = new Gaps();
  /** Audio that was sent to the current call and evicted before a result confirmed it. It is lost if the call fails. */
  readonly #unconfirmed = new Gaps();
  /** When the first piece was read, and its first sample. */
  #start: { ms: number; at: number } | undefined;

  constructor(
    source: AsyncIterable<PlacedAudio>,
    { sampleRate, replaySeconds, replayBytes, later, currentSample }: ReplayBufferOptions,
    owner: ReplayBufferOwner,
  ) {
    this.#owner = owner;
    this.#sampleRate = sampleRate;
    this.#later = later;
    this.#currentSample = currentSample;
    this.#capacity = Math.min(replaySeconds * sampleRate, replayBytes / 2);
    this.ring = new RingBuffer(this.#capacity, {
      mayEvict: (piece) => this.#mayEvict(piece),
      onEvict: (span, piece) => this.#onEvict(span, piece),
    });
    this.#intake = new Intake(source, {
      wantsMore: () => this.#wantsMore(),
      onPiece: (piece) => this.#accept(piece),
      onEnd: owner.onAudio,
      onError: owner.onError,
    });
  }

  /** Whether the source has ended. It may go on with what follows the segment. */
  get ended(): boolean {
    return this.#intake.ended;
  }

  /** Whether the source has ended and nothing can follow. */
  get isFinished(): boolean {
    return this.ended && (this.#later?.closed ?? true);
  }

  /** Reads more of the source if there is a use for it. */
  pull(): void {
    this.#intake.pull();
  }

  /**
   * No engine hears the segment to its end, or not soon. So the segment goes on with the audio that follows it:
   * everything that waits for an engine is in one buffer, in one call later, and in one place of the queue.
   */
  takeLater(): void {
    while (this.ended && !this.#intake.failed) {
      const item = this.#later?.take();
      if (!item) return;
      if ('audio' in item) this.#intake.follow(item.audio);
      else this.#acceptLoss(item);
    }
  }

  /** Turns the losses at the beginning of the buffer into gaps: the next call begins after them. */
  skipLost(): void {
    for (let lost = this.ring.shiftLost(); lost; lost = this.ring.shiftLost())
      this.#gaps.add(lost, lost.reason);
  }

  stop(): void {
    this.#intake.stop();
  }

  /** The current call returned a result that ends at this sample, so it has recognised the audio before it. */
  confirm(sample: number): void {
    this.#unconfirmed.dropBefore(sample);
  }

  /** The current call failed. Evicted audio that it had not confirmed becomes a gap. */
  loseUnconfirmed(): void {
    for (const { reason, ...span } of this.#unconfirmed.takeAll()) this.#gaps.add(span, reason);
  }

  /** No call follows. All audio in the buffer becomes a gap. */
  loseAll(reason: GapReason): void {
    for (const span of this.ring.spans()) this.#gaps.add(span, reason);
  }

  /**
   * Removes the gaps between two samples: the first that is not settled, and the first that a call gets. No audio
   * between them was heard, so people see one gap. @returns none or one.
   */
  takeGaps(settled: number, firstSample: number): Gap[] {
    this.#gaps.dropBefore(settled);
    return joinGaps(this.#gaps.takeBefore(firstSample));
  }

  #wantsMore(): boolean {
    const call = this.#owner.currentCall();
    const unreadSamples = this.#spokenSample() - this.ring.endSample;
    if (!call) return !this.ring.isFull || unreadSamples >= 0;
    if (call.audio.cursor >= this.ring.nextPiece) return true;
    return this.#currentSample !== undefined && this.ring.samples + unreadSamples > this.#capacity;
  }

  /**
   * The number of the sample that is spoken now. Of a source that is not live, the first piece is spoken when it is read:
   * without a call, a full buffer reads a file at the pace of the clock. Calls that come and go do not stop the clock.
   */
  #spokenSample(): number {
    if (this.#currentSample) return this.#currentSample();
    if (!this.#start) return 0;
    return this.#start.at + ((performance.now() - this.#start.ms) / 1_000) * this.#sampleRate;
  }

  #accept(piece: PlacedAudio): void {
    this.#start ??= { ms: performance.now(), at: piece.at };
    this.ring.append(piece);
    if (this.ring.samples > (1 + SLOW_BLOCK) * this.#capacity) this.ring.evictOver(this.#capacity);
    this.#owner.onAudio();
  }

  #acceptLoss(lost: LostSpan): void {
    this.ring.append({ at: lost.from, pcm: new Uint8Array(0), lost });
    this.#owner.onAudio();
  }

  /** Audio that the current call has not got yet is kept for a while: the engine may only be a moment late. */
  #mayEvict(piece: number): boolean {
    const call = this.#owner.currentCall();
    return !call || call.isOver || piece < call.audio.cursor;
  }

  #onEvict(span: Span, piece: number): void {
    const call = this.#owner.currentCall();
    const { reason = this.#owner.gapReason(), ...lost } = span as Span & { reason?: GapReason };
    if (call?.audio.hasSent(piece)) this.#unconfirmed.add(lost, 'engine');
    else this.#gaps.add(lost, reason);
    this.#owner.onEvicted(this.ring.startSample);
  }
}
