import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { AdmissionTicket } from './admissionTicket.ts';
import type { CallAudio } from './callAudio.ts';
import { Emitter } from './emitter.ts';
import { EngineCall, type Outcome } from './engineCall.ts';
import { EventQueue } from './eventQueue.ts';
import { RECOGNITION_LIMITS, type RecognitionLimits } from './limits.ts';
import { Recovery } from './recovery.ts';
import { ReplayBuffer } from './replayBuffer.ts';
import { RetryPolicy } from './retryPolicy.ts';
import type { RecognitionEvent, RecognitionOptions, RecognitionParts } from './types.ts';

/** Recognises one segment of speech: one engine call after the other, until all audio is recognised. */
export class Segment implements AsyncIterator<RecognitionEvent, undefined, undefined> {
  readonly #parts: RecognitionParts;
  readonly #limits: RecognitionLimits;
  readonly #options: SpeechOptions;
  readonly #signal: AbortSignal;
  readonly #events = new EventQueue(() => this.#stop());
  readonly #buffer: ReplayBuffer;
  readonly #retryPolicy: RetryPolicy;
  readonly #recovery: Recovery;
  readonly #ticket = new AdmissionTicket();
  readonly #emitter: Emitter;
  /** Settles when everything is freed. It never rejects. */
  readonly #freed: Promise<void>;
  readonly #onAbort = () => {
    this.#events.clear();
    this.#stop();
  };
  #call: EngineCall | undefined;
  #hasCalled = false;
  /** When to stop retrying. Infinity until the audio has ended and a call has to wait. */
  #giveUpAt = Number.POSITIVE_INFINITY;
  #isDone = false;
  #stopped = false;
  /** The source or the admission failed. */
  #broken: { error: unknown } | undefined;
  #wake = () => {};

  constructor(
    audio: AsyncIterable<PlacedAudio>,
    { signal, ...options }: RecognitionOptions,
    parts: RecognitionParts,
  ) {
    const limits = { ...RECOGNITION_LIMITS, ...parts.limits };
    const fallback = parts.fallback?.refuses(options) === null ? parts.fallback : null;
    const [events, ticket] = [this.#events, this.#ticket];
    const retryPolicy = new RetryPolicy(parts.engine, fallback, limits);
    const { later, currentSample } = parts;
    const settings = { ...limits, ...options, later, currentSample };
    const buffer = new ReplayBuffer(audio, settings, {
      currentCall: () => this.#call,
      gapReason: () => ticket.gapReason,
      onAudio: () => this.#onAudio(),
      onEvicted: (sample) => parts.onAudioReleased?.(sample),
      onError: (error) => this.#break(error),
    });
    this.#parts = parts;
    this.#limits = limits;
    this.#options = options;
    this.#signal = signal;
    this.#retryPolicy = retryPolicy;
    this.#recovery = new Recovery({ ...parts, events, ticket, retryPolicy });
    this.#buffer = buffer;
    this.#emitter = new Emitter({ ...parts, sampleRate: options.sampleRate, events, buffer });
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#stop();
    this.#freed = this.#run();
  }

  next(): Promise<IteratorResult<RecognitionEvent, undefined>> {
    const event = this.#events.next();
    // The reader may have made room for more events.
    this.#call?.audio.deliver();
    this.#wake();
    return event;
  }

  async return(): Promise<IteratorResult<RecognitionEvent, undefined>> {
    await this.#events.return();
    await this.#freed;
    return { done: true, value: undefined };
  }

  async #run(): Promise<void> {
    try {
      while (await this.#callIsDue()) await this.#callEngine();
      this.#finish();
    } catch (error) {
      this.#finish();
      this.#events.fail(error);
    } finally {
      this.#ticket.release();
      this.#events.end();
      this.#stop();
    }
  }

  /** Waits until an engine call has audio to recognise and may start. @returns false if no call follows. */
  async #callIsDue(): Promise<boolean> {
    while (!this.#stopped && !this.#isDone) {
      if (this.#broken) throw this.#broken.error;
      if (this.#isWithoutEngine && this.#hasUnrecognizedAudio) this.#buffer.takeLater();
      this.#buffer.skipLost();
      const { ended, isFinished } = this.#buffer;
      const hasWork = this.#hasUnrecognizedAudio;
      if (ended && !hasWork) this.#isDone = true;
      else if (!hasWork || !this.#readerKeepsUp) await this.#waitForChange();
      else {
        const now = performance.now();
        if (now >= this.#giveUpAt) return false;
        if (now >= this.#retryPolicy.failOverAt) this.#recovery.failOver();
        const { callAt } = this.#retryPolicy;
        if (now >= callAt && this.#ticket.isHeld) return true;
        if (now >= callAt) this.#requestAdmission();
        if (isFinished) this.#giveUpAt = Math.min(this.#giveUpAt, now + this.#limits.giveUpMs);
        const waitUntil = now < callAt ? callAt : Number.POSITIVE_INFINITY;
        await this.#waitForChange(Math.min(waitUntil, this.#retryPolicy.failOverAt, this.#giveUpAt));
      }
    }
    return false;
  }

  /** Whether a call failed, or has to wait for a place. */
  get #isWithoutEngine(): boolean {
    return this.#hasCalled || this.#ticket.isPending;
  }

  /** Whether an engine should get audio. An engine that ran idle has recognised all audio up to then. */
  get #hasUnrecognizedAudio(): boolean {
    const { ring, ended } = this.#buffer;
    const hasMore = ring.endSample > this.#recovery.idleAtSample || (ended && this.#emitter.hasOpenUtterance);
    return hasMore && ring.nextPiece > ring.firstPiece && ring.endSample > this.#emitter.settledSample;
  }

  get #readerKeepsUp(): boolean {
    return this.#events.length < this.#limits.maxUnreadEvents;
  }

  #requestAdmission(): void {
    const { engine } = this.#retryPolicy;
    this.#ticket.request(this.#parts.admission, {
      engine,
      isResuming: this.#hasCalled,
      onPlace: (place) => this.#onPlace(engine, place),
      onAdmitted: () => this.#wake(),
      onError: (error) => this.#break(error),
    });
  }

  /** A wait for the fallback engine is no reason to leave the first one alone: it may be back before a place is free. */
  #onPlace(engine: SpeechEngine, place: number): void {
    this.#events.push({ type: 'queued', place });
    if (engine !== this.#parts.engine) this.#retryPolicy.markUnavailable();
    this.#wake();
  }

  async #callEngine(): Promise<void> {
    const { restartCause } = this.#recovery;
    if (restartCause) this.#parts.onRestart(restartCause);
    this.#hasCalled = true;
    const { engine, timeoutFactor } = this.#retryPolicy;
    const call = new EngineCall({
      engine,
      // After the end of the audio the speaker waits for the last words, so the timeouts are the shortest.
      timeoutFactor: this.#buffer.ended ? 1 : timeoutFactor,
      options: this.#options,
      limits: this.#limits,
      ring: this.#buffer.ring,
      audioEnded: () => this.#buffer.ended,
      maySend: () => this.#readerKeepsUp,
      onSent: this.#parts.onSent,
      onDemand: () => this.#buffer.pull(),
      onBehind: () => this.#onBehind(),
      onResult: (result) => this.#onResult(result, call.audio),
      onListening: () => this.#recovery.listening(),
      onOver: () => this.#buffer.pull(),
    });
    this.#call = call;
    call.start();
    const outcome = await call.outcome;
    const { sentSeconds } = call;
    this.#parts.onCall({ engine, sentSeconds, billedSeconds: engine.billedSeconds(sentSeconds) });
    if (!this.#stopped) this.#conclude(outcome, call);
    this.#call = undefined;
  }

  #conclude(outcome: Outcome, { audio }: EngineCall): void {
    if (outcome === 'done') {
      this.#recovery.listening();
      this.#emitGaps(audio);
      this.#isDone = this.#buffer.ended && audio.cursor >= this.#buffer.ring.nextPiece;
      if (this.#isDone) return;
      this.#emitter.settle(audio.time.endSample);
      this.#recovery.goOnAfterGap();
      return;
    }
    this.#emitter.interrupt();
    this.#buffer.loseUnconfirmed();
    if (outcome !== 'stopped') this.#recovery.callFailed(outcome, audio.time.endSample);
  }

  /**
   * The engine hangs or is slow, or the reader is. What comes meanwhile must not wait outside of the buffer, which is
   * bounded.
   */
  #onBehind(): void {
    this.#buffer.takeLater();
    this.#buffer.pull();
  }

  #onResult(result: TranscriptEvent, audio: CallAudio): void {
    this.#emitGaps(audio);
    this.#emitter.emit(result);
    audio.time.dropBefore(this.#emitter.settledSample);
    const recognizedSeconds = result.end - audio.firstSample / this.#options.sampleRate;
    const isHealthy = result.type === 'final' || recognizedSeconds >= this.#limits.healthySeconds;
    this.#retryPolicy.resultReceived(isHealthy);
    this.#rollOver();
  }

  #onAudio(): void {
    this.#rollOver();
    this.#call?.audio.deliver();
    this.#wake();
  }

  /** Replaces the call before its engine would cut it off. */
  #rollOver(): void {
    const call = this.#call;
    if (!call?.isNearLimit(this.#emitter.hasOpenUtterance)) return;
    // Before the first final, the next call would only be sent the same audio again.
    if (this.#emitter.settledSample <= call.audio.firstSample) return;
    this.#recovery.rollOver();
    call.stop();
  }

  /**
   * The call has recognised something, so the audio before it is one gap. An engine that only takes audio may be deaf,
   * and the gap may still grow.
   */
  #emitGaps({ firstSample }: CallAudio): void {
    this.#emitter.emitGaps(firstSample);
  }

  /** No call follows: emits the finals of open utterances, and gaps for the audio that is left. */
  #finish(): void {
    if (this.#stopped) return;
    this.#emitter.closeAll();
    if (!this.#isDone) this.#buffer.loseAll(this.#ticket.gapReason);
    this.#emitter.emitGaps(this.#buffer.ring.endSample);
  }

  /** Waits for any change, at the latest until this moment of `performance.now()`. */
  async #waitForChange(until = Number.POSITIVE_INFINITY): Promise<void> {
    this.#buffer.pull();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // A full buffer reads the source at the pace of the clock, and after its end something may follow.
    const { ended, ring } = this.#buffer;
    const retryMs = ring.isFull || (ended && this.#parts.later) ? 1_000 : Number.POSITIVE_INFINITY;
    const ms = Math.min(until - performance.now(), retryMs);
    const timer = Number.isFinite(ms) ? setTimeout(resolve, Math.max(0, ms)) : undefined;
    if (!this.#stopped) await promise;
    clearTimeout(timer);
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#call?.stop();
    this.#wake();
  }

  /** Stops everything. `#run` then comes to its end and frees the rest. */
  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#buffer.stop();
    this.#call?.stop();
    this.#wake();
  }
}
