import type { GapReason } from '../../../contract/types.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { Attempt } from './engineCall.ts';
import { Lost } from './gaps.ts';
import { Intake } from './intake.ts';
import { AudioRing, type Span } from './ringBuffer.ts';

export type KeptAudioOwner = {
  /** The call under way. */
  attempt: () => Attempt | undefined;
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
export class KeptAudio {
  readonly ring: AudioRing;
  readonly #owner: KeptAudioOwner;
  readonly #sampleRate: number;
  readonly #intake: Intake;
  readonly #lost = new Lost();
  /** What the call under way was given and has not heard anything since: lost if it fails. */
  readonly #unproven = new Lost();
  #aloneSince = performance.now();
  /** What has come and not been given since then. */
  #samplesAlone = 0;

  constructor(
    source: AsyncIterable<PlacedAudio>,
    { sampleRate, keptSeconds }: { sampleRate: number; keptSeconds: number },
    owner: KeptAudioOwner,
  ) {
    this.#owner = owner;
    this.#sampleRate = sampleRate;
    this.ring = new AudioRing(keptSeconds * sampleRate, {
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
    for (const { reason, ...span } of this.#unproven.take()) this.#lost.add(span, reason);
  }

  /** Gives up what is kept. */
  lose(reason: GapReason): void {
    this.disprove();
    for (const span of this.ring.spans()) this.#lost.add(span, reason);
  }

  /** What was lost after a sample, to be told. */
  takeLost(after: number): (Span & { reason: GapReason })[] {
    this.#lost.forget(after);
    return this.#lost.take();
  }

  /** A source that has more than the clock says (a file, a backlog) can wait: it is not drawn just to be lost. */
  #wants(): boolean {
    const attempt = this.#owner.attempt();
    if (attempt && !attempt.over) return attempt.view.cursor >= this.ring.next;
    const elapsedSeconds = (performance.now() - this.#aloneSince) / 1_000;
    return !this.ring.full || this.#samplesAlone / this.#sampleRate <= elapsedSeconds;
  }

  #take(piece: PlacedAudio): void {
    this.#samplesAlone += piece.pcm.length / 2;
    this.ring.append(piece);
    this.#owner.attempt()?.view.wake();
    this.#owner.onNews();
  }

  /**
   * What a call under way has yet to be given stays: the call would go on behind it as if nobody had spoken there. It
   * is a piece more than fits at most, the one that was being drawn when the call began.
   */
  #mayFallOut(piece: number): boolean {
    const attempt = this.#owner.attempt();
    return !attempt || attempt.over || piece < attempt.view.cursor;
  }

  #fallOut(span: Span, piece: number): void {
    const attempt = this.#owner.attempt();
    if (attempt && piece < attempt.view.cursor) this.#unproven.add(span, 'engine');
    else this.#lost.add(span, this.#owner.reason());
  }
}
