import type { AppError } from '../../../contract/errors.ts';
import type { SpeechOptions, TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import type { Places } from './admission.ts';
import { HeldPlace } from './admissionTicket.ts';
import { Telling } from './emitter.ts';
import { Attempt, type Outcome } from './engineCall.ts';
import { Told } from './eventQueue.ts';
import { HEARING_LIMITS, type HearingLimits } from './limits.ts';
import { KeptAudio } from './replayBuffer.ts';
import { Recovery } from './retryPolicy.ts';
import type { Heard, HearingOptions, HearingParts } from './types.ts';

/** The hearing of one stretch of speech: one call of an engine after the other, until all is heard. */
export class Stretch implements AsyncIterableIterator<Heard, undefined, undefined> {
  readonly #parts: HearingParts;
  readonly #limits: HearingLimits;
  readonly #options: SpeechOptions;
  readonly #signal: AbortSignal;
  readonly #out = new Told(() => this.#stop());
  readonly #audio: KeptAudio;
  readonly #recovery: Recovery;
  readonly #place = new HeldPlace();
  readonly #telling: Telling;
  /** Settles, never rejects, when all is freed. */
  readonly #freed: Promise<void>;
  readonly #onAbort = () => {
    this.#out.clear();
    this.#stop();
  };
  #attempt: Attempt | undefined;
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
    { signal, ...options }: HearingOptions,
    parts: HearingParts,
  ) {
    const limits = { ...HEARING_LIMITS, ...parts.limits };
    const fallback = parts.fallback?.refuses(options) === null ? parts.fallback : null;
    this.#parts = parts;
    this.#limits = limits;
    this.#options = options;
    this.#signal = signal;
    this.#recovery = new Recovery(parts.engine, fallback, limits);
    this.#audio = new KeptAudio(
      audio,
      { ...limits, ...options },
      {
        attempt: () => this.#attempt,
        reason: () => (this.#place.asked ? 'queue' : 'engine'),
        onNews: () => this.#onAudio(),
        onError: (error) => this.#break(error),
      },
    );
    const { sampleRate } = options;
    const { onForgotten } = parts;
    this.#telling = new Telling({ sampleRate, audio: this.#audio, out: this.#out, onForgotten });
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#stop();
    this.#freed = this.#run();
  }

  next(): Promise<IteratorResult<Heard, undefined>> {
    const heard = this.#out.next();
    // There may be room for events again.
    this.#attempt?.view.wake();
    this.#wake();
    return heard;
  }

  async return(): Promise<IteratorResult<Heard, undefined>> {
    await this.#out.return();
    await this.#freed;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #run(): Promise<void> {
    try {
      while (await this.#callIsDue()) await this.#call();
      this.#finish();
    } catch (error) {
      this.#finish();
      this.#out.fail(error);
    } finally {
      this.#place.giveBack();
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
        if (now >= this.#recovery.failOverAt) this.#failOver();
        const { callAt } = this.#recovery;
        if (now >= callAt && this.#place.held) return true;
        if (now >= callAt) this.#askForPlace();
        if (ended) this.#lastChanceAt = Math.min(this.#lastChanceAt, now + this.#limits.lastChanceMs);
        const waitUntil = now < callAt ? callAt : Number.POSITIVE_INFINITY;
        await this.#news(Math.min(waitUntil, this.#recovery.failOverAt, this.#lastChanceAt));
      }
    }
    return false;
  }

  /** Whether there is audio that an engine should hear. One that waited for more has heard what there was. */
  get #unheard(): boolean {
    const { ring, ended } = this.#audio;
    const more = ring.end > this.#idleAt || (ended && this.#telling.isOpen);
    return more && ring.end > this.#telling.until;
  }

  /** Whether what was heard is read. */
  get #mayGive(): boolean {
    return this.#out.length < this.#limits.unreadEvents;
  }

  #askForPlace(): void {
    // Where the fallback has places of its own, an engine without one is as good as away.
    if (this.#parts.fallbackPlaces) this.#recovery.queued();
    this.#place.ask(this.#places, {
      again: this.#called,
      onPlace: (place) => this.#out.queued(place),
      onTaken: () => {
        this.#recovery.admitted();
        this.#wake();
      },
      onError: (error) => this.#break(error),
    });
  }

  get #places(): Places {
    const { engine, places, fallbackPlaces } = this.#parts;
    return this.#recovery.engine === engine ? places : (fallbackPlaces ?? places);
  }

  async #call(): Promise<void> {
    if (this.#cause) this.#parts.onRestart(this.#cause);
    this.#cause = undefined;
    this.#called = true;
    const { engine, patience } = this.#recovery;
    const attempt = new Attempt({
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
      onOver: () => this.#audio.leaveAlone(attempt.view.cursor),
    });
    this.#attempt = attempt;
    attempt.begin();
    const outcome = await attempt.outcome;
    const { sentSeconds } = attempt;
    this.#parts.onCall({ engine, sentSeconds, billedSeconds: engine.billedSeconds(sentSeconds) });
    if (!this.#stopped) this.#conclude(outcome, attempt);
    this.#attempt = undefined;
  }

  #conclude(outcome: Outcome, { view }: Attempt): void {
    if (outcome === 'done') {
      this.#done = true;
      this.#listen();
      return;
    }
    this.#telling.breakOff();
    if (outcome === 'stopped') this.#audio.disprove();
    else this.#fail(outcome, view.time.end);
  }

  /** @param givenUntil the sample after the newest that the engine was given. */
  #fail(error: AppError, givenUntil: number): void {
    const { name } = this.#recovery.engine;
    this.#parts.log.warn({ err: error, engine: name }, 'speech engine failed');
    this.#audio.disprove();
    this.#cause = error.reason;
    if (!error.retryable) this.#strike(error);
    else if (error.reason === 'engine_idle') this.#waitForAudio(error, givenUntil);
    else this.#retry(error);
  }

  #retry(error: AppError): void {
    this.#out.state('recovering', this.#recovery.engine.name, error);
    this.#recovery.failed(error);
    this.#recovery.away();
    if (error.reason !== 'engine_limit') return;
    this.#places.refused();
    this.#place.giveBack();
  }

  /** The engine had heard all there was. Nothing is wrong, and nobody needs to know. */
  #waitForAudio(error: AppError, givenUntil: number): void {
    this.#recovery.failed(error);
    this.#place.giveBack();
    this.#idleAt = givenUntil;
  }

  /** The engine will never hear this stretch. */
  #strike(error: AppError): void {
    const places = this.#places;
    if (this.#recovery.alone) throw error;
    this.#out.state('recovering', this.#recovery.engine.name, error);
    this.#recovery.strike();
    this.#moveFrom(places);
  }

  #failOver(): void {
    const places = this.#places;
    this.#recovery.failOver();
    this.#moveFrom(places);
  }

  #moveFrom(places: Places): void {
    this.#cause = 'failover';
    if (this.#places !== places) this.#place.giveBack();
  }

  #hear(event: TranscriptEvent): void {
    this.#telling.hear(event);
    const view = this.#attempt?.view;
    view?.time.forget(this.#telling.until);
    const heardSeconds = event.end - (view?.base ?? 0) / this.#options.sampleRate;
    this.#recovery.heard(event.type === 'final' || heardSeconds >= this.#limits.healthySeconds);
    this.#rollOver();
  }

  #onAudio(): void {
    this.#rollOver();
    this.#attempt?.view.wake();
    this.#wake();
  }

  /** Begins a new call before the engine would cut this one off: between two utterances, or when it must. */
  #rollOver(): void {
    const attempt = this.#attempt;
    const { longestSeconds } = this.#recovery.engine;
    if (!attempt || attempt.over || longestSeconds === null) return;
    const { rollOverSeconds } = this.#limits;
    const margin = Math.min(rollOverSeconds, longestSeconds / 4) / (this.#telling.isOpen ? 5 : 1);
    // Without a final there is nothing to go on from.
    if (attempt.lasted < longestSeconds - margin || this.#telling.until <= attempt.view.base) return;
    this.#cause = 'rollover';
    attempt.stop();
  }

  /** Somebody listens: what is lost until there is known now. */
  #listen(): void {
    const { engine } = this.#recovery;
    const first = this.#parts.engine;
    const message = `${engine.label} listens in place of ${first.label}.`;
    this.#out.state('listening', engine.name, engine === first ? {} : { reason: 'failover', message });
    this.#telling.settle(this.#attempt?.view.base ?? this.#audio.ring.start);
  }

  /** No more is heard: what is half said stands as it was told, and what nobody heard is told too. */
  #finish(): void {
    if (this.#stopped) return;
    this.#telling.end();
    if (!this.#done) this.#audio.lose(this.#place.asked ? 'queue' : 'engine');
    this.#telling.settle(this.#audio.ring.end);
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
    this.#attempt?.stop();
    this.#wake();
  }

  /** Lets everything go; `#run` then comes to its end. */
  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#out.silence();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#audio.stop();
    this.#attempt?.stop();
    this.#wake();
  }
}
