import { randomUUIDv7 } from 'node:crypto';
import { laterPlace } from '../../contract/chunk.ts';
import type { AudioPlace, CaptionEvent, EngineName, Utterance } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Log } from '../log.ts';
import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../transcriber/transcriber.ts';
import type { Budget } from './budget.ts';
import type { Captions } from './captions/captions.ts';
import { type EndReason, endReasonOf, streamEnded } from './endReason.ts';
import type { SpeechMeter } from './meter.ts';
import {
  type LostAudio,
  Microphone,
  type MicrophoneOptions,
  type SpeechSegment,
} from './microphone/microphone.ts';
import { Pace } from './pace.ts';
import type { Admission } from './recognition/admission.ts';
import { recognize } from './recognition/recognize.ts';
import type { RecognitionEvent } from './recognition/types.ts';
import { StreamStatus } from './streamStatus.ts';
import { gapOf, type StreamIdentity, Utterances } from './utterances.ts';
import { UtteranceWriter, type UtteranceWriterParts } from './utteranceWriter.ts';

export type StreamOptions = SpeechOptions & MicrophoneOptions;

export type StreamParts = UtteranceWriterParts & {
  store: Pick<Store, 'endStream'>;
  engine: SpeechEngine;
  fallback: SpeechEngine | null;
  admission: Admission;
  captions: Captions;
  budget: Pick<Budget, 'recordUsage'>;
  meter: SpeechMeter;
  log: Log;
};

/** The totals of a stream: saved utterances, and seconds of audio accepted and billed. */
export type StreamSummary = { utterances: number; audioSeconds: number; billedSeconds: number };

/** A microphone sends ten chunks a second. Without one for this long, its speaker is shown as disconnected … */
const DISCONNECTED_MS = 3_000;
/** … and after this long, the stream ends. */
const GRACE_MS = 20_000;
/** Speech is counted in the budget in portions of this length. */
const USAGE_SECONDS = 10;

/**
 * One microphone in one room, from `start` to `stop`: chunks go in, in any order; captions and messages come out. A
 * stream outlives its socket for a grace time. In all cases its end releases the engine, is published to the room, and
 * settles `done`.
 */
export class SpeechStream {
  readonly identity: StreamIdentity;
  /** Resolves when the stream is over and all is released. Never rejects. */
  readonly done: Promise<StreamSummary>;
  readonly #options: SpeechOptions;
  readonly #parts: StreamParts;
  readonly #microphone: Microphone;
  readonly #writer: UtteranceWriter;
  readonly #status: StreamStatus;
  readonly #utterances: Utterances;
  readonly #engineAborter = new AbortController();
  readonly pace = new Pace();
  #engine: EngineName;
  #ending: EndReason | undefined;
  readonly #disconnectTimer: NodeJS.Timeout;
  readonly #graceTimer: NodeJS.Timeout;
  #isRecognizing = false;
  #billedSeconds = 0;
  #uncountedSeconds = 0;
  /** An engine got the speech up to this sample at least once. */
  #sentUntil = 0;

  constructor(
    identity: StreamIdentity,
    { language, sampleRate, settings, ...start }: StreamOptions,
    parts: StreamParts,
  ) {
    this.identity = identity;
    this.#options = { language, sampleRate, ...(settings && { settings }) };
    this.#parts = parts;
    this.#engine = identity.engine;
    this.#utterances = new Utterances(identity);
    this.#writer = new UtteranceWriter(
      parts,
      (utterance) => this.#publish({ type: 'final', utterance }),
      // The speaker goes on in another stream, which hears again what this one has not saved.
      () => {
        void this.finish({ reason: 'taken_over' });
        this.abort();
      },
    );
    this.#status = new StreamStatus(identity, parts.captions, parts.meter);
    const onSilenceChange = (isSilent: boolean) => this.#status.setSilent(isSilent);
    this.#microphone = new Microphone({ sampleRate, ...start }, { onSilenceChange });
    this.#disconnectTimer = setTimeout(() => this.#status.setDisconnected(true), DISCONNECTED_MS);
    this.#graceTimer = setTimeout(() => void this.finish({ reason: 'idle' }), GRACE_MS);
    this.done = this.#run();
  }

  /** Why the stream is ending or has ended. Undefined while it accepts chunks. */
  get ending(): EndReason | undefined {
    return this.#ending;
  }

  /** Once the stream is over: whether nothing is left that another process could save. */
  get isSettled(): boolean {
    return !this.#engineAborter.signal.aborted;
  }

  /** The place behind the last chunk. */
  get acceptedUntil(): AudioPlace {
    return { seq: this.#microphone.nextSeq, samples: 0 };
  }

  /** The audio before this place is saved: as words, as a gap, or because nobody spoke. */
  get savedUntil(): AudioPlace {
    const { savedUntil, isIdle } = this.#writer;
    const silentUntil = isIdle && !this.#isRecognizing && this.#microphone.silentUntil;
    return silentUntil ? laterPlace(silentUntil, savedUntil) : savedUntil;
  }

  /**
   * Accepts one chunk. A refused chunk uses up no sequence number. @returns the sequence number of the next chunk.
   * @throws AppError if the stream has ended, or for a chunk as `Microphone.push`.
   */
  push(seq: number, pcm: Uint8Array): number {
    if (this.#ending) throw streamEnded(this.#ending);
    // First of all: a speaker whose chunks are refused is connected too.
    this.#restartTimers();
    const before = this.#microphone.seconds;
    this.#microphone.push(seq, pcm);
    const seconds = this.#microphone.seconds - before;
    this.pace.add(seconds);
    this.#parts.meter.audio('in', seconds);
    return this.#microphone.nextSeq;
  }

  /**
   * The speaker is back on another socket. @returns the sequence number of the next chunk.
   * @throws AppError if the stream has ended.
   * @param isFresh the speaker no longer has the chunks that were not acked. The next chunk is recorded now.
   */
  resume(isFresh: boolean): number {
    if (this.#ending) throw streamEnded(this.#ending);
    this.#restartTimers();
    if (isFresh) this.#microphone.skipToNow();
    return this.#microphone.nextSeq;
  }

  /** Accepts no more chunks, and lets the engine finish. Resolves when the stream is over. */
  finish(why: EndReason): Promise<StreamSummary> {
    if (!this.#ending) {
      this.#ending = why;
      this.#clearTimers();
      this.#microphone.end(why.reason === 'stopped');
    }
    return this.done;
  }

  /** Aborts the engine, and gives up utterances that the database has not saved. */
  abort(): void {
    this.#engineAborter.abort();
    this.#writer.abort();
  }

  #restartTimers(): void {
    this.#status.setDisconnected(false);
    this.#disconnectTimer.refresh();
    this.#graceTimer.refresh();
  }

  #clearTimers(): void {
    clearTimeout(this.#disconnectTimer);
    clearTimeout(this.#graceTimer);
  }

  async #run(): Promise<StreamSummary> {
    try {
      for await (const item of this.#microphone.output) {
        if ('audio' in item) await this.#recognizeSegment(item);
        else await this.#saveLostAudio(item);
      }
    } catch (error) {
      // The failure replaces `stopped` too: the speaker's last words were lost.
      this.#ending = endReasonOf(error);
      this.#parts.log.warn({ err: error, streamId: this.identity.streamId }, 'speech engine failed');
    } finally {
      this.#ending ??= { reason: 'engine_failed' };
      this.#clearTimers();
      this.#microphone.close();
      await this.#writer.settled();
      await Promise.all([
        this.#parts.budget.recordUsage(this.identity.roomId, this.#uncountedSeconds),
        this.isSettled ? this.#endInStore() : undefined,
      ]);
      this.#status.end(this.#ending);
    }
    const { seconds: audioSeconds } = this.#microphone;
    return { utterances: this.#writer.savedCount, audioSeconds, billedSeconds: this.#billedSeconds };
  }

  /** A speaker who has not got the last answers must not say again what was accepted. */
  #endInStore(): Promise<void> {
    const { store, log } = this.#parts;
    return store.endStream(this.identity.streamId, this.acceptedUntil).catch((error: unknown) => {
      log.warn({ err: error }, 'could not note the end of a speech stream');
    });
  }

  async #recognizeSegment({ audio }: SpeechSegment): Promise<void> {
    const { engine, fallback, admission, log, meter } = this.#parts;
    this.#engine = this.identity.engine;
    this.#isRecognizing = true;
    this.#status.startSegment();
    const signal = this.#engineAborter.signal;
    const events = recognize(
      audio,
      { ...this.#options, signal },
      {
        ...{ engine, fallback, admission, log },
        later: this.#microphone.output,
        currentSample: () => this.#microphone.currentSample,
        onSent: (samples, endSample) => this.#countSpeech(samples, endSample),
        onRestart: meter.restarted,
        onAudioReleased: (sample) => this.#microphone.freeBefore(sample),
        onCall: ({ sentSeconds, billedSeconds }) => {
          meter.audio('sent', sentSeconds);
          meter.audio('billed', billedSeconds);
          this.#billedSeconds += billedSeconds;
        },
      },
    );
    for await (const event of events) await this.#receive(event);
    this.#isRecognizing = false;
  }

  async #receive(event: RecognitionEvent): Promise<void> {
    switch (event.type) {
      case 'state': {
        const { engine, state, reason, message } = event;
        this.#engine = engine;
        return this.#status.setEngineStatus({ state, reason, message }, engine);
      }
      case 'queued':
        return this.#status.setEngineStatus({ state: 'paused', reason: 'queued', place: event.place });
      case 'gap':
        return this.#saveGap(event);
      default:
        return this.#receiveTranscript(event);
    }
  }

  async #receiveTranscript(event: TranscriptEvent): Promise<void> {
    const utterance = this.#utterances.from(event, this.#engine, (seconds) =>
      this.#microphone.timeOf(seconds),
    );
    const lagMs = performance.timeOrigin + performance.now() - this.#microphone.timeOf(event.end);
    this.#parts.meter.captionLag(event.type, Math.max(0, lagMs) / 1_000);
    if (event.type === 'final') await this.#save(utterance, event.end);
    else this.#publish({ type: 'partial', utterance });
  }

  async #saveLostAudio({ from, to, reason }: LostAudio): Promise<void> {
    const { sampleRate } = this.#options;
    await this.#saveGap({ type: 'gap', start: from / sampleRate, end: to / sampleRate, reason });
  }

  async #saveGap({ start, end, reason }: Extract<RecognitionEvent, { type: 'gap' }>): Promise<void> {
    const at = (seconds: number) => new Date(this.#microphone.timeOf(seconds)).toISOString();
    const span = { startedAt: at(start), endedAt: at(end) };
    // A message holds times in milliseconds. A gap that has no length there would be one that nobody can understand.
    if (span.startedAt >= span.endedAt) return;
    this.#parts.meter.gap(reason, end - start);
    const source = { ...this.identity, engine: this.#engine, language: this.#options.language };
    // A sample more: at the place before the first sample, nobody could see that the gap before it is saved.
    const until = end + 1 / this.#options.sampleRate;
    await this.#save(gapOf(source, { id: randomUUIDv7(), ...span, reason }), until);
  }

  /** @param end where the utterance ends, in seconds of the stream. */
  async #save(utterance: Utterance, end: number): Promise<void> {
    await this.#writer.add(utterance, this.#microphone.heardUntil(Math.min(end, this.#utterances.openSince)));
  }

  #publish(event: CaptionEvent): void {
    this.#parts.captions.publish(this.identity.roomId, event);
  }

  /** Counts what an engine gets for the first time. What no engine heard costs nothing. */
  #countSpeech(samples: number, endSample: number): void {
    const newSamples = Math.min(samples, endSample - this.#sentUntil);
    if (newSamples <= 0) return;
    this.#sentUntil = endSample;
    this.#uncountedSeconds += newSamples / this.#options.sampleRate;
    if (this.#uncountedSeconds < USAGE_SECONDS) return;
    const counted = this.#uncountedSeconds;
    this.#uncountedSeconds = 0;
    void this.#parts.budget.recordUsage(this.identity.roomId, counted).then((refusal) => {
      if (refusal) void this.finish({ reason: refusal.reason, message: refusal.message, isPermanent: true });
    });
  }
}
