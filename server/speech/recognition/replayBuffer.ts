import type { GapReason } from '../../../contract/types.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { EngineCall } from './engineCall.ts';
import { Gaps } from './gaps.ts';
import { Intake } from './intake.ts';
import { RingBuffer, type Span } from './ringBuffer.ts';

export type ReplayBufferOwner = {
  /** The call under way. */
  call: () => EngineCall | undefined;
  /** Why nobody hears, while no call is under way. */
  reason: () => GapReason;
  /** More audio, or its end. */
  onNews: () => void;
  onError: (error: unknown) => void;
};

/**
 * The audio of a stretch that is not heard for certain yet. While an engine takes it, the source is drawn no faster
 * than that; while nobody does, it is drawn as it comes, and what finds no room any more is lost.
 */
export class ReplayBuffer {
  readonly ring: RingBuffer;
  readonly #owner: ReplayBufferOwner;
  readonly #sampleRate: number;
  readonly #intake: Intake;
  readonly #gaps = new Gaps();
  /** What the call under way was given and has not heard anything since: lost if it fails. */
  readonly #unproven = new Gaps();
  #aloneSince = performance.now();
  /** What has come and not been given since then. */
  #samplesAlone = 0;

  constructor(
    source: AsyncIterable<PlacedAudio>,
    { sampleRate, keptSeconds }: { sampleRate: number; keptSeconds: number },
    owner: ReplayBufferOwner,
  ) {
    this.#owner = owner;
    this.#sampleRate = sampleRate;
    this.ring = new RingBuffer(keptSeconds * sampleRate, {
      mayFallOut: (piece) => this.#mayFallOut(piece),
      onFallOut: (span, piece) => this.#fallOut(span, piece),
    });
    this.#intake = new Intake(source, {
      wants: () => this.#wants(),
      onPiece: (piece) => this.#take(piece),
      onEnd: owner.onNews,
      onError: owner.onError,
    });
  }

  /** Whether no more comes. */
  get ended(): boolean {
    return this.#intake.ended;
  }

  /** Draws if more is wanted. */
  draw(): void {
    this.#intake.draw();
  }

  stop(): void {
    this.#intake.stop();
  }

  /** Nobody takes audio from now on; this piece would have been the next to give. */
  leaveAlone(next: number): void {
    this.#aloneSince = performance.now();
    this.#samplesAlone = this.ring.samplesFrom(next);
    this.draw();
  }

  /** The call under way hears: it has heard what lies before this sample too. */
  prove(until: number): void {
    this.#unproven.forget(until);
  }

  /** The call under way failed. */
  disprove(): void {
    for (const { reason, ...span } of this.#unproven.take()) this.#gaps.add(span, reason);
  }

  /** Gives up what is kept. */
  lose(reason: GapReason): void {
    this.disprove();
    for (const span of this.ring.spans()) this.#gaps.add(span, reason);
  }

  /** What was lost after a sample, to be told. */
  takeGaps(after: number): (Span & { reason: GapReason })[] {
    this.#gaps.forget(after);
    return this.#gaps.take();
  }

  /** A source that has more than the clock says (a file, a backlog) can wait: it is not drawn just to be lost. */
  #wants(): boolean {
    const call = this.#owner.call();
    if (call && !call.over) return call.view.cursor >= this.ring.next;
    const elapsedSeconds = (performance.now() - this.#aloneSince) / 1_000;
    return !this.ring.full || this.#samplesAlone / this.#sampleRate <= elapsedSeconds;
  }

  #take(piece: PlacedAudio): void {
    this.#samplesAlone += piece.pcm.length / 2;
    this.ring.append(piece);
    this.#owner.call()?.view.wake();
    this.#owner.onNews();
  }

  /**
   * What a call under way has yet to be given stays: the call would go on behind it as if nobody had spoken there. It
   * is a piece more than fits at most, the one that was being drawn when the call began.
   */
  #mayFallOut(piece: number): boolean {
    const call = this.#owner.call();
    return !call || call.over || piece < call.view.cursor;
  }

  #fallOut(span: Span, piece: number): void {
    const call = this.#owner.call();
    if (call && piece < call.view.cursor) this.#unproven.add(span, 'engine');
    else this.#gaps.add(span, this.#owner.reason());
  }
}
