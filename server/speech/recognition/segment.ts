import type { AppError } from '../../../contract/errors.ts';
import type { SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { AdmissionTicket } from './admissionTicket.ts';
import { Emitter } from './emitter.ts';
import { EngineCall, type Outcome } from './engineCall.ts';
import { EventQueue } from './eventQueue.ts';
import { RECOGNITION_LIMITS, type RecognitionLimits } from './limits.ts';
import { ReplayBuffer } from './replayBuffer.ts';
import { RetryPolicy } from './retryPolicy.ts';
import type { RecognitionEvent, RecognitionOptions, RecognitionParts } from './types.ts';

/** The hearing of one stretch of speech: one call of an engine after the other, until all is heard. */
export class Segment implements AsyncIterableIterator<RecognitionEvent, undefined, undefined> {
  readonly #parts: RecognitionParts;
  readonly #limits: RecognitionLimits;
  readonly #options: SpeechOptions;
  readonly #signal: AbortSignal;
  readonly #out = new EventQueue(() => this.#stop());
  readonly #audio: ReplayBuffer;
  readonly #retryPolicy: RetryPolicy;
  readonly #ticket = new AdmissionTicket();
  readonly #emitter: Emitter;
  /** Settles, never rejects, when all is freed. */
  readonly #freed: Promise<void>;
  readonly #onAbort = () => {
    this.#out.clear();
    this.#stop();
  };
  #call: EngineCall | undefined;
  #called = false;
  /** Why the next call is a new one. */
  #cause: string | undefined;
  /** How far the audio reached when the engine had waited in vain: it is not called again until there is more. */
  #idleAt = 0;
  #lastChanceAt = Number.POSITIVE_INFINITY;
  #done = false;
  #stopped = false;
  #broken: { error: unknown } | undefined;
  #wake = () => {};

  constructor(
    audio: AsyncIterable<PlacedAudio>,
    { signal, ...options }: RecognitionOptions,
    parts: RecognitionParts,
  ) {
    const limits = { ...RECOGNITION_LIMITS, ...parts.limits };
    const fallback = parts.fallback?.refuses(options) === null ? parts.fallback : null;
    this.#parts = parts;
    this.#limits = limits;
    this.#options = options;
    this.#signal = signal;
    this.#retryPolicy = new RetryPolicy(parts.engine, fallback, limits);
    this.#audio = new ReplayBuffer(
      audio,
      { ...limits, ...options },
      {
        call: () => this.#call,
        reason: () => (this.#ticket.asked ? 'queue' : 'engine'),
        onNews: () => this.#onAudio(),
        onError: (error) => this.#break(error),
      },
    );
    const { sampleRate } = options;
    const { onForgotten } = parts;
    this.#emitter = new Emitter({ sampleRate, audio: this.#audio, out: this.#out, onForgotten });
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#stop();
    this.#freed = this.#run();
  }

  next(): Promise<IteratorResult<RecognitionEvent, undefined>> {
    const heard = this.#out.next();
    // There may be room for events again.
    this.#call?.view.wake();
    this.#wake();
    return heard;
  }

  async return(): Promise<IteratorResult<RecognitionEvent, undefined>> {
    await this.#out.return();
    await this.#freed;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #run(): Promise<void> {
    try {
      while (await this.#callIsDue()) await this.#callEngine();
      this.#finish();
    } catch (error) {
      this.#finish();
      this.#out.fail(error);
    } finally {
      this.#ticket.giveBack();
      this.#out.end();
      this.#stop();
    }
  }

  /** Waits until there is audio to hear and an engine may be called. @returns false once that is over. */
  async #callIsDue(): Promise<boolean> {
    while (!this.#stopped && !this.#done) {
      if (this.#broken) throw this.#broken.error;
      const { ended } = this.#audio;
      const unheard = this.#unheard;
      if (ended && !unheard) this.#done = true;
      else if (!unheard || !this.#mayGive) await this.#news();
      else {
        const now = performance.now();
        if (now >= this.#lastChanceAt) return false;
        if (now >= this.#retryPolicy.failOverAt) this.#failOver();
        const { callAt } = this.#retryPolicy;
        if (now >= callAt && this.#ticket.held) return true;
        if (now >= callAt) this.#askForPlace();
        if (ended) this.#lastChanceAt = Math.min(this.#lastChanceAt, now + this.#limits.lastChanceMs);
        const waitUntil = now < callAt ? callAt : Number.POSITIVE_INFINITY;
        await this.#news(Math.min(waitUntil, this.#retryPolicy.failOverAt, this.#lastChanceAt));
      }
    }
    return false;
  }

  /** Whether there is audio that an engine should hear. One that waited for more has heard what there was. */
  get #unheard(): boolean {
    const { ring, ended } = this.#audio;
    const more = ring.end > this.#idleAt || (ended && this.#emitter.isOpen);
    return more && ring.end > this.#emitter.until;
  }

  /** Whether what was heard is read. */
  get #mayGive(): boolean {
    return this.#out.length < this.#limits.unreadEvents;
  }

  #askForPlace(): void {
    this.#ticket.ask(this.#parts.places, {
      again: this.#called,
      onPlace: (place) => this.#out.queued(place),
      onTaken: () => {
        this.#wake();
      },
      onError: (error) => this.#break(error),
    });
  }

  async #callEngine(): Promise<void> {
    if (this.#cause) this.#parts.onRestart(this.#cause);
    this.#cause = undefined;
    this.#called = true;
    const { engine, patience } = this.#retryPolicy;
    const call = new EngineCall({
      engine,
      // Whoever has stopped waits for the last words: then no call may take longer than the first.
      patience: this.#audio.ended ? 1 : patience,
      options: this.#options,
      limits: this.#limits,
      ring: this.#audio.ring,
      ended: () => this.#audio.ended,
      mayGive: () => this.#mayGive,
      onWant: () => this.#audio.draw(),
      onEvent: (event) => this.#hear(event),
      onSteady: () => this.#listen(),
      onOver: () => this.#audio.leaveAlone(call.view.cursor),
    });
    this.#call = call;
    call.begin();
    const outcome = await call.outcome;
    const { sentSeconds } = call;
    this.#parts.onCall({ engine, sentSeconds, billedSeconds: engine.billedSeconds(sentSeconds) });
    if (!this.#stopped) this.#conclude(outcome, call);
    this.#call = undefined;
  }

  #conclude(outcome: Outcome, { view }: EngineCall): void {
    if (outcome === 'done') {
      this.#done = true;
      this.#listen();
      return;
    }
    this.#emitter.breakOff();
    if (outcome === 'stopped') this.#audio.disprove();
    else this.#fail(outcome, view.time.end);
  }

  /** @param givenUntil the sample after the newest that the engine was given. */
  #fail(error: AppError, givenUntil: number): void {
    const { name } = this.#retryPolicy.engine;
    this.#parts.log.warn({ err: error, engine: name }, 'speech engine failed');
    this.#audio.disprove();
    this.#cause = error.reason;
    if (!error.retryable) this.#strike(error);
    else if (error.reason === 'engine_idle') this.#waitForAudio(error, givenUntil);
    else this.#retry(error);
  }

  #retry(error: AppError): void {
    this.#out.state('recovering', this.#retryPolicy.engine.name, error);
    this.#retryPolicy.failed(error);
    this.#retryPolicy.away();
    if (error.reason !== 'engine_limit') return;
    this.#parts.places.refused();
    this.#ticket.giveBack();
  }

  /** The engine had heard all there was. Nothing is wrong, and nobody needs to know. */
  #waitForAudio(error: AppError, givenUntil: number): void {
    this.#retryPolicy.failed(error);
    this.#ticket.giveBack();
    this.#idleAt = givenUntil;
  }

  /** The engine will never hear this stretch. */
  #strike(error: AppError): void {
    if (this.#retryPolicy.alone) throw error;
    this.#out.state('recovering', this.#retryPolicy.engine.name, error);
    this.#retryPolicy.strike();
    this.#cause = 'failover';
  }

  #failOver(): void {
    this.#retryPolicy.failOver();
    this.#cause = 'failover';
  }

  #hear(event: TranscriptEvent): void {
    this.#emitter.hear(event);
    const view = this.#call?.view;
    view?.time.forget(this.#emitter.until);
    const heardSeconds = event.end - (view?.base ?? 0) / this.#options.sampleRate;
    this.#retryPolicy.heard(event.type === 'final' || heardSeconds >= this.#limits.healthySeconds);
    this.#rollOver();
  }

  #onAudio(): void {
    this.#rollOver();
    this.#call?.view.wake();
    this.#wake();
  }

  /** Begins a new call before the engine would cut this one off: between two utterances, or when it must. */
  #rollOver(): void {
    const call = this.#call;
    const { longestSeconds } = this.#retryPolicy.engine;
    if (!call || call.over || longestSeconds === null) return;
    const { rollOverSeconds } = this.#limits;
    const margin = Math.min(rollOverSeconds, longestSeconds / 4) / (this.#emitter.isOpen ? 5 : 1);
    // Without a final there is nothing to go on from.
    if (call.lasted < longestSeconds - margin || this.#emitter.until <= call.view.base) return;
    this.#cause = 'rollover';
    call.stop();
  }

  /** Somebody listens: what is lost until there is known now. */
  #listen(): void {
    const { engine } = this.#retryPolicy;
    const first = this.#parts.engine;
    const message = `${engine.label} listens in place of ${first.label}.`;
    this.#out.state('listening', engine.name, engine === first ? {} : { reason: 'failover', message });
    this.#emitter.settle(this.#call?.view.base ?? this.#audio.ring.start);
  }

  /** No more is heard: what is half said stands as it was told, and what nobody heard is told too. */
  #finish(): void {
    if (this.#stopped) return;
    this.#emitter.end();
    if (!this.#done) this.#audio.lose(this.#ticket.asked ? 'queue' : 'engine');
    this.#emitter.settle(this.#audio.ring.end);
  }

  /** Resolves when something has happened, at the latest at a moment of `performance.now()`. */
  async #news(until = Number.POSITIVE_INFINITY): Promise<void> {
    this.#audio.draw();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // What has to wait for the clock to be drawn is looked after every second.
    const ms = Math.min(until - performance.now(), this.#audio.ring.full ? 1_000 : Number.POSITIVE_INFINITY);
    const timer = Number.isFinite(ms) ? setTimeout(resolve, Math.max(0, ms)) : undefined;
    if (!this.#stopped) await promise;
    clearTimeout(timer);
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#call?.stop();
    this.#wake();
  }

  /** Lets everything go; `#run` then comes to its end. */
  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#out.silence();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#audio.stop();
    this.#call?.stop();
    this.#wake();
  }
}
