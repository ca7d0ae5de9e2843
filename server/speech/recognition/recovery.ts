import type { AppError } from '../../../contract/errors.ts';
import type { Log } from '../../log.ts';
import type { SpeechEngine } from '../../transcriber/transcriber.ts';
import type { Admission } from './admission.ts';
import type { AdmissionTicket } from './admissionTicket.ts';
import type { EventQueue } from './eventQueue.ts';
import type { RetryPolicy } from './retryPolicy.ts';

export type RecoveryParts = {
  /** The preferred engine. */
  engine: SpeechEngine;
  retryPolicy: RetryPolicy;
  admission: Admission;
  ticket: AdmissionTicket;
  events: EventQueue;
  log: Log;
};

/**
 * Decides what follows an engine call that ended early: a retry, a wait for audio, another engine, or the end. Emits
 * whether an engine listens or the segment is recovering.
 */
export class Recovery {
  readonly #parts: RecoveryParts;
  #restartCause: string | undefined;
  #idleAtSample = 0;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** An engine ran idle when it had recognised the audio up to this sample. The next call needs audio after it. */
  get idleAtSample(): number {
    return this.#idleAtSample;
  }

  /** Why the next call replaces another one; undefined if it is the first. */
  get restartCause(): string | undefined {
    return this.#restartCause;
  }

  listening(): void {
    const { engine: preferred, retryPolicy, events } = this.#parts;
    const { engine } = retryPolicy;
    const message = `${engine.label} listens in place of ${preferred.label}.`;
    events.pushState('listening', engine.name, engine === preferred ? {} : { reason: 'failover', message });
  }

  /** The current call comes near its engine's limit, and the next call takes over. */
  rollOver(): void {
    this.#restartCause = 'rollover';
  }

  /** The current call has recognised all audio before a gap. The next call begins after the gap. */
  goOnAfterGap(): void {
    this.#restartCause = 'gap';
  }

  failOver(): void {
    this.#parts.retryPolicy.failOver();
    // The place is one of the other engine.
    this.#parts.ticket.release();
    this.#restartCause = 'failover';
  }

  /**
   * A call failed.
   * @param sentUntil the sample after the newest that the engine was sent.
   * @throws the error if no retry can help and there is no other engine.
   */
  callFailed(error: AppError, sentUntil: number): void {
    const { name } = this.#parts.retryPolicy.engine;
    this.#parts.log.warn({ err: error, engine: name }, 'speech engine failed');
    this.#restartCause = error.reason;
    if (!error.retryable) this.#excludeEngine(error);
    else if (error.reason === 'engine_idle') this.#waitForAudio(error, sentUntil);
    else this.#retry(error);
  }

  #retry(error: AppError): void {
    const { retryPolicy, admission, ticket, events } = this.#parts;
    events.pushState('recovering', retryPolicy.engine.name, error);
    retryPolicy.backOff(error);
    retryPolicy.markUnavailable();
    if (error.reason !== 'engine_limit') return;
    admission.throttle(retryPolicy.engine);
    ticket.release();
  }

  /** The engine had recognised all audio and got no more. That is no fault, so it emits no state. */
  #waitForAudio(error: AppError, sentUntil: number): void {
    this.#parts.retryPolicy.backOff(error);
    this.#parts.ticket.release();
    this.#idleAtSample = sentUntil;
  }

  /** The engine can never recognise this segment. */
  #excludeEngine(error: AppError): void {
    const { retryPolicy, events } = this.#parts;
    if (retryPolicy.isOnlyEngine) throw error;
    events.pushState('recovering', retryPolicy.engine.name, error);
    retryPolicy.excludeEngine();
    this.#parts.ticket.release();
    this.#restartCause = 'failover';
  }
}
