import type { GapReason } from '../../../contract/types.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { EngineCall } from './engineCall.ts';
import { Gaps } from './gaps.ts';
import { Intake } from './intake.ts';
import { RingBuffer, type Span } from './ringBuffer.ts';

export type ReplayBufferOwner = {
  currentCall: () => EngineCall | undefined;
  /** Why audio is lost while no call runs. */
  gapReason: () => GapReason;
  /** A piece of audio came, or the end of it. */
  onAudio: () => void;
  onError: (error: unknown) => void;
};

/**
 * The audio of a segment that has no final yet, so that a new call can be sent it again. While an engine call runs, the
 * source is read as fast as the engine takes audio. Without a call it is read as it comes, and the oldest audio is lost
 * when the buffer is full.
 */
export class ReplayBuffer {
  readonly ring: RingBuffer;
  readonly #owner: ReplayBufferOwner;
  readonly #sampleRate: number;
  readonly #intake: Intake;
  readonly #gaps = new Gaps();
  /** Audio that was sent to the current call and evicted before a result confirmed it. It is lost if the call fails. */
  readonly #unconfirmed = new Gaps();
  #noCallSince = performance.now();
  /** The audio that has come since the last call, with what that call left unsent. */
  #samplesSinceCall = 0;

  constructor(
    source: AsyncIterable<PlacedAudio>,
    { sampleRate, replaySeconds }: { sampleRate: number; replaySeconds: number },
    owner: ReplayBufferOwner,
  ) {
    this.#owner = owner;
    this.#sampleRate = sampleRate;
    this.ring = new RingBuffer(replaySeconds * sampleRate, {
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

  /** Whether the source has ended. */
  get ended(): boolean {
    return this.#intake.ended;
  }

  /** Reads more of the source if there is a use for it. */
  pull(): void {
    this.#intake.pull();
  }

  stop(): void {
    this.#intake.stop();
  }

  /** The current call takes no more audio. @param nextPiece the piece that it would have got next. */
  callEnded(nextPiece: number): void {
    this.#noCallSince = performance.now();
    this.#samplesSinceCall = this.ring.samplesFrom(nextPiece);
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

  /** Removes and returns the gaps that lie after this sample, oldest first. */
  takeGaps(after: number): (Span & { reason: GapReason })[] {
    this.#gaps.dropBefore(after);
    return this.#gaps.takeAll();
  }

  /**
   * A source that delivers faster than real time (a file, a backlog) can wait. Without a call it is not read faster than
   * the clock once the buffer is full, because that audio would only be lost.
   */
  #wantsMore(): boolean {
    const call = this.#owner.currentCall();
    if (call) return call.audio.cursor >= this.ring.nextPiece;
    const elapsedSeconds = (performance.now() - this.#noCallSince) / 1_000;
    return !this.ring.isFull || this.#samplesSinceCall / this.#sampleRate <= elapsedSeconds;
  }

  #accept(piece: PlacedAudio): void {
    this.#samplesSinceCall += piece.pcm.length / 2;
    this.ring.append(piece);
    this.#owner.onAudio();
  }

  /**
   * Audio that the current call has not got yet is kept: dropping it would make the call skip those words silently. The
   * buffer is then one piece over its capacity at most: the piece that was on its way when the call began.
   */
  #mayEvict(piece: number): boolean {
    const call = this.#owner.currentCall();
    return !call || call.isOver || piece < call.audio.cursor;
  }

  #onEvict(span: Span, piece: number): void {
    const call = this.#owner.currentCall();
    if (call && piece < call.audio.cursor) this.#unconfirmed.add(span, 'engine');
    else this.#gaps.add(span, this.#owner.gapReason());
  }
}
