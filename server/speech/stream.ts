import { randomUUIDv7 } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';
import type { CaptionEvent, EngineName, Utterance } from '../../contract/types.ts';
import type { Log } from '../log.ts';
import type { SpeechEngine, SpeechOptions, TranscriptEvent } from '../transcriber/transcriber.ts';
import type { Budget } from './budget.ts';
import type { Captions } from './captions/captions.ts';
import type { SpeechMeter } from './meter.ts';
import { type LostAudio, Microphone, type MicrophoneOptions, type Spoken } from './microphone/microphone.ts';
import type { Admission } from './recognition/admission.ts';
import { recognize } from './recognition/recognize.ts';
import type { RecognitionEvent } from './recognition/types.ts';
import { StreamStatus } from './streamStatus.ts';
import { gapOf, type StreamIdentity, Utterances } from './utterances.ts';
import { UtteranceWriter, type UtteranceWriterParts } from './utteranceWriter.ts';

/** What its speaker wants, and how it begins. */
export type StreamOptions = SpeechOptions & MicrophoneOptions;

export type StreamParts = UtteranceWriterParts & {
  engine: SpeechEngine;
  fallback: SpeechEngine | null;
  admission: Admission;
  captions: Captions;
  budget: Pick<Budget, 'spend'>;
  meter: SpeechMeter;
  log: Log;
};

/** What a stream came to: how many utterances were kept, and seconds of audio taken in and paid for. */
export type StreamSummary = { utterances: number; audioSeconds: number; billedSeconds: number };

/** Why a stream ends, as a stable word, with a sentence for people where there is more to say. */
export type EndReason = {
  reason: string;
  message?: string;
  /** A new stream would end in the same way: wrong credentials, a language the engine does not have. */
  hopeless?: boolean;
};

/** A microphone that is on sends ten chunks a second: without one for this long its speaker is cut off … */
const AWAY_MS = 3_000;
/** … and after this long gone. */
const GRACE_MS = 20_000;
/** Seconds of speech that are counted at once. */
const SPEND_SECONDS = 10;

/**
 * One microphone in one room, from `start` to `stop`: chunks in any order go in, captions and messages come out. It
 * outlives its socket for a while. However it ends, the engine is let go, everybody in the room is told, and `done`
 * settles.
 */
export class SpeechStream {
  readonly identity: StreamIdentity;
  /** Settles, never rejects, when all is over and freed. */
  readonly done: Promise<StreamSummary>;
  readonly #options: SpeechOptions;
  readonly #parts: StreamParts;
  readonly #microphone: Microphone;
  readonly #writer: UtteranceWriter;
  readonly #status: StreamStatus;
  readonly #utterances: Utterances;
  readonly #letEngineGo = new AbortController();
  #engine: EngineName;
  #ending: EndReason | undefined;
  readonly #awayTimer: NodeJS.Timeout;
  readonly #goneTimer: NodeJS.Timeout;
  #billedSeconds = 0;
  #unspentSeconds = 0;

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
    this.#writer = new UtteranceWriter(parts, (utterance) => this.#tellFinal(utterance));
    this.#status = new StreamStatus(identity, parts.captions, parts.meter);
    this.#microphone = new Microphone(
      { sampleRate, ...start },
      {
        onSpeech: (seconds) => this.#spend(seconds),
        onQuiet: (isQuiet) => this.#status.quiet(isQuiet),
      },
    );
    this.#awayTimer = setTimeout(() => this.#status.away(true), AWAY_MS);
    this.#goneTimer = setTimeout(() => void this.finish({ reason: 'idle' }), GRACE_MS);
    this.done = this.#run();
  }

  /** Why it is ending or has ended; undefined while it takes chunks. */
  get ending(): EndReason | undefined {
    return this.#ending;
  }

  /**
   * Takes one chunk in and answers the number wanted next. A refused chunk uses up no number.
   * @throws AppError for a chunk that is malformed, too far ahead, or more than the engine can take right now.
   */
  push(seq: number, pcm: Uint8Array): number {
    if (this.#ending) throw streamEnded(this.#ending);
    // Before anything is refused: whoever sends is there, even if the engine cannot follow.
    this.#waitForChunks();
    const before = this.#microphone.seconds;
    this.#microphone.push(seq, pcm);
    this.#parts.meter.audio('in', this.#microphone.seconds - before);
    return this.#microphone.nextSeq;
  }

  /**
   * Its speaker is back on another socket. Answers the number wanted next.
   * @param fresh what was not acked is gone, and whatever comes next is said now.
   */
  resume(fresh: boolean): number {
    if (this.#ending) throw streamEnded(this.#ending);
    this.#waitForChunks();
    if (fresh) this.#microphone.startAfresh();
    return this.#microphone.nextSeq;
  }

  /** Takes no more chunks and lets the engine finish what it has heard. Answers when all is over. */
  finish(why: EndReason): Promise<StreamSummary> {
    if (!this.#ending) {
      this.#ending = why;
      this.#waitNoMore();
      this.#microphone.end();
    }
    return this.done;
  }

  /** Ends it all at once, whatever the engine has not said and the database has not kept yet. */
  abort(): void {
    this.#letEngineGo.abort();
    this.#writer.abort();
  }

  #waitForChunks(): void {
    this.#status.away(false);
    this.#awayTimer.refresh();
    this.#goneTimer.refresh();
  }

  #waitNoMore(): void {
    clearTimeout(this.#awayTimer);
    clearTimeout(this.#goneTimer);
  }

  async #run(): Promise<StreamSummary> {
    try {
      for await (const work of this.#microphone.work) {
        if ('audio' in work) await this.#hear(work);
        else await this.#lose(work);
      }
    } catch (error) {
      // Also for somebody who has stopped meanwhile: their last words were lost.
      this.#ending = whyFailed(error);
      this.#parts.log.warn({ err: error, streamId: this.identity.streamId }, 'speech engine failed');
    } finally {
      this.#ending ??= { reason: 'engine_failed' };
      this.#waitNoMore();
      this.#microphone.close();
      await this.#writer.settled();
      await this.#parts.budget.spend(this.identity.roomId, this.#unspentSeconds);
      this.#status.end(this.#ending);
    }
    return this.#summary();
  }

  async #hear({ audio }: Spoken): Promise<void> {
    const { engine, fallback, admission, log, meter } = this.#parts;
    this.#engine = this.identity.engine;
    this.#status.begin();
    const signal = this.#letEngineGo.signal;
    const events = recognize(
      audio,
      { ...this.#options, signal },
      {
        ...{ engine, fallback, admission, log },
        onRestart: meter.restarted,
        onAudioReleased: (sample) => this.#microphone.forget(sample),
        onCall: ({ sentSeconds, billedSeconds }) => {
          meter.audio('sent', sentSeconds);
          meter.audio('billed', billedSeconds);
          this.#billedSeconds += billedSeconds;
        },
      },
    );
    for await (const event of events) await this.#receive(event);
  }

  async #receive(event: RecognitionEvent): Promise<void> {
    switch (event.type) {
      case 'state': {
        const { engine, state, reason, message } = event;
        this.#engine = engine;
        return this.#status.hearing({ state, reason, message }, engine);
      }
      case 'queued':
        return this.#status.hearing({ state: 'paused', reason: 'queued', place: event.place });
      case 'gap':
        return this.#keepGap(event);
      default:
        return this.#receiveWords(event);
    }
  }

  async #receiveWords(event: TranscriptEvent): Promise<void> {
    const utterance = this.#utterances.from(event, this.#engine, (seconds) =>
      this.#microphone.timeOf(seconds),
    );
    const lagMs = performance.timeOrigin + performance.now() - this.#microphone.timeOf(event.end);
    this.#parts.meter.captionLag(event.type, Math.max(0, lagMs) / 1_000);
    if (event.type === 'final') await this.#writer.add(utterance);
    else this.#tell({ type: 'partial', utterance });
  }

  async #lose({ from, to, reason }: LostAudio): Promise<void> {
    const { sampleRate } = this.#options;
    await this.#keepGap({ type: 'gap', start: from / sampleRate, end: to / sampleRate, reason });
  }

  async #keepGap({ start, end, reason }: Extract<RecognitionEvent, { type: 'gap' }>): Promise<void> {
    this.#parts.meter.gap(reason, end - start);
    const at = (seconds: number) => new Date(this.#microphone.timeOf(seconds)).toISOString();
    const span = { startedAt: at(start), endedAt: at(end) };
    const source = { ...this.identity, engine: this.#engine, language: this.#options.language };
    await this.#writer.add(gapOf(source, { id: randomUUIDv7(), ...span, reason }));
  }

  #tellFinal(utterance: Utterance): void {
    this.#tell({ type: 'final', utterance });
  }

  #tell(event: CaptionEvent): void {
    this.#parts.captions.publish(this.identity.roomId, event);
  }

  #spend(seconds: number): void {
    this.#unspentSeconds += seconds;
    if (this.#unspentSeconds < SPEND_SECONDS) return;
    const spent = this.#unspentSeconds;
    this.#unspentSeconds = 0;
    void this.#parts.budget.spend(this.identity.roomId, spent).then((refusal) => {
      if (refusal) void this.finish({ reason: refusal.reason, message: refusal.message, hopeless: true });
    });
  }

  #summary(): StreamSummary {
    const utterances = this.#writer.kept;
    return { utterances, audioSeconds: this.#microphone.seconds, billedSeconds: this.#billedSeconds };
  }
}

/** What the caller of a stream that is over hears: to start a new one, or why that is no use. */
export function streamEnded({ reason, message, hopeless }: EndReason): AppError {
  if (hopeless) return new AppError('SERVICE_UNAVAILABLE', reason, message ?? 'Speech is not available.');
  return new AppError(
    'CONFLICT',
    'stream_ended',
    message ?? 'This speech stream has ended. Start a new one.',
    { details: { endedBecause: reason } },
  );
}

function whyFailed(error: unknown): EndReason {
  return error instanceof AppError
    ? { reason: error.reason, message: error.message, hopeless: !error.retryable }
    : { reason: 'engine_failed', message: 'The speech engine failed.' };
}
