import { AppError } from '../../../contract/errors.ts';
import { LIMITS } from '../../../contract/limits.ts';
import type { AudioPlace, GapReason } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { ChunkPlaces } from './chunkPlaces.ts';
import { checkPcm } from './pcmCheck.ts';
import { PieceJoiner } from './pieceJoiner.ts';
import { ReorderBuffer } from './reorderBuffer.ts';
import { scratchCopy } from './scratchCopy.ts';
import type { VoiceGate } from './voiceGate.ts';

/** The audio of one segment: from somebody's first word to a long silence. */
export type SpeechSegment = { audio: AsyncIterable<PlacedAudio> };
/** Audio that never arrived. `from` and `to` are sample numbers of the stream. */
export type LostAudio = { from: number; to: number; reason: GapReason };

/** The part of the voice gate that a microphone uses. */
export type Gate = Pick<VoiceGate, 'take' | 'skipTo'>;

export type MicrophoneOptions = {
  sampleRate: number;
  gate: Gate;
  /** Whether the process is busy. Audio then goes to the engine in larger pieces. */
  isBusy?: (() => boolean) | undefined;
  /** How long ago the first chunk was recorded. */
  behindSeconds?: number | undefined;
  /** How much audio was lost before the first chunk. */
  lostSeconds?: number | undefined;
};

export type MicrophoneListener = {
  /** The stream falls silent for a while (true), or somebody speaks again (false). */
  onSilenceChange: (isSilent: boolean) => void;
};

/**
 * A source that is this much ahead of the clock is no microphone but a file or the like, and can wait. A microphone can
 * not: what it records is lost unless it is taken at once.
 */
const MAX_AHEAD_SECONDS = 5;
/** Chunks of a source that can wait are refused for a moment while more audio than this waits for the engine … */
const MAX_BACKLOG_SECONDS = 30;
/** … or while the stream holds this much memory. */
const MAX_HELD_BYTES = 2_200_000;
/** Only the first seconds are checked for their format. A wrong format is wrong from the beginning. */
const FORMAT_CHECK_SECONDS = 5;
/** A shorter loss is not shown as a gap. */
const MIN_GAP_SECONDS = 0.5;
/** The newest silence may yet be the pre-roll of speech, and a piece may wait to be joined with the next. */
const MAYBE_SPEECH_SECONDS = 2;

/**
 * The microphone's side of a speech stream. It accepts chunks in any order and puts out segments of speech, and gaps
 * where audio was lost. Samples are numbered from the first one of the stream. Silent and lost samples count too, so a
 * sample number is a time.
 */
export class Microphone {
  /** Segments and gaps, in order. */
  readonly output = new Channel<SpeechSegment | LostAudio>();
  readonly #sampleRate: number;
  readonly #listener: MicrophoneListener;
  readonly #reorderBuffer = new ReorderBuffer();
  readonly #gate: Gate;
  readonly #joiner: PieceJoiner;
  readonly #places = new ChunkPlaces();
  /** The number of the next chunk that is accepted. */
  #nextChunk = 0;
  #segment: Channel<PlacedAudio> | undefined;
  /** The loss before the first chunk, until that chunk comes. */
  #lossBefore: LostAudio | undefined;
  /** When the first sample was recorded, in ms since 1970. */
  #startedAt: number | undefined;
  /** The number of the next sample. */
  #nextSample = 0;
  #acceptedSamples = 0;
  /** Samples that wait for the engine. */
  #backlogSamples = 0;

  constructor(
    { sampleRate, gate, isBusy = () => false, behindSeconds = 0, lostSeconds = 0 }: MicrophoneOptions,
    listener: MicrophoneListener,
  ) {
    this.#sampleRate = sampleRate;
    this.#listener = listener;
    this.#gate = gate;
    this.#joiner = new PieceJoiner(sampleRate, isBusy);
    if (behindSeconds + lostSeconds > 0) this.#startedAt = now() - 1_000 * (behindSeconds + lostSeconds);
    if (lostSeconds > 0) this.#lossBefore = this.#skip(Math.round(lostSeconds * sampleRate));
  }

  /** The sequence number of the next chunk. */
  get nextSeq(): number {
    return this.#reorderBuffer.nextSeq;
  }

  /** Where the silence after all speech so far ends, for sure; undefined while speech goes on, or waits to be read. */
  get silentUntil(): AudioPlace | undefined {
    if (this.#segment || this.output.length > 0) return undefined;
    return this.#places.placeOf(this.#nextSample - MAYBE_SPEECH_SECONDS * this.#sampleRate);
  }

  /** The place in the chunks up to which all is heard, if all is up to this second of the stream. It never goes back. */
  heardUntil(seconds: number): AudioPlace {
    return this.#places.advanceTo(Math.round(seconds * this.#sampleRate));
  }

  /** Seconds of audio that were accepted. */
  get seconds(): number {
    return this.#acceptedSamples / this.#sampleRate;
  }

  /** The number of the sample that is recorded now. */
  get currentSample(): number {
    return this.#startedAt === undefined ? 0 : ((now() - this.#startedAt) / 1_000) * this.#sampleRate;
  }

  /** The memory that holds audio for the engine. */
  get heldBytes(): number {
    return this.#joiner.heldBytes;
  }

  /** Converts a time of the stream to ms since 1970. @param seconds from the first sample of the stream. */
  timeOf(seconds: number): number {
    return (this.#startedAt ?? now()) + 1_000 * seconds;
  }

  /**
   * Accepts one chunk. A refused chunk uses up no sequence number.
   * @throws AppError for a chunk that is malformed or too far ahead; and for one of a source that is faster than the
   * clock, while too much audio waits for the engine. A microphone is never refused for that.
   */
  push(seq: number, pcm: Uint8Array): void {
    this.#check(pcm);
    for (const chunk of this.#reorderBuffer.add(seq, pcm)) this.#accept(chunk);
  }

  /** Gives up the chunks that have not arrived. The next chunk is recorded now; the time up to now is lost. */
  skipToNow(): void {
    this.#flushReorderBuffer();
    if (this.#startedAt === undefined) return;
    const behindSeconds = (now() - this.timeOf(this.#nextSample / this.#sampleRate)) / 1_000;
    if (behindSeconds > 0) this.#skipLost(Math.round(behindSeconds * this.#sampleRate));
  }

  /** Frees the memory of the audio before this sample. */
  freeBefore(sample: number): void {
    this.#joiner.freeBefore(sample);
  }

  /**
   * Accepts no more chunks. The output ends after the audio that was accepted.
   * @param isStopped the speaker ends the stream. Otherwise the answer to its start may be lost, so that the speaker does
   *   not know of the stream. Then a loss before the first chunk is told to the next stream again.
   */
  end(isStopped = true): void {
    if (isStopped) this.#tellLossBefore();
    this.#flushReorderBuffer();
    this.#endSegment();
    this.output.end();
  }

  /** Drops all audio that has not been read, and ends the output. */
  close(): void {
    void this.#segment?.return();
    void this.output.return();
  }

  #check(pcm: Uint8Array): void {
    if (pcm.byteLength === 0) throw new AppError('BAD_REQUEST', 'chunk_empty', 'The chunk holds no audio.');
    if (pcm.byteLength % 2 !== 0) {
      throw new AppError(
        'BAD_REQUEST',
        'chunk_odd',
        'The chunk ends with half a sample. A sample is 2 bytes.',
      );
    }
    if (pcm.byteLength > 2 * this.#sampleRate * LIMITS.chunkSeconds) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'chunk_too_long', 'A chunk holds at most one second of audio.');
    }
    if (this.seconds < FORMAT_CHECK_SECONDS) checkPcm(pcm, this.#sampleRate);
    if (this.#isAhead && this.#hasLargeBacklog) {
      const message = 'The speech engine is behind. Wait a moment.';
      throw new AppError('TOO_MANY_REQUESTS', 'engine_behind', message, {
        retryable: true,
        retryAfterMs: 500,
      });
    }
  }

  get #isAhead(): boolean {
    return this.#nextSample > this.currentSample + MAX_AHEAD_SECONDS * this.#sampleRate;
  }

  get #hasLargeBacklog(): boolean {
    return (
      this.#backlogSamples > MAX_BACKLOG_SECONDS * this.#sampleRate ||
      (this.#backlogSamples > 0 && this.heldBytes > MAX_HELD_BYTES)
    );
  }

  #accept(pcm: Uint8Array): void {
    const samples = pcm.byteLength / 2;
    this.#tellLossBefore();
    this.#startedAt ??= now() - (1_000 * samples) / this.#sampleRate;
    this.#places.add(this.#nextChunk, this.#nextSample, samples);
    this.#nextChunk += 1;
    this.#nextSample += samples;
    this.#acceptedSamples += samples;
    for (const event of this.#gate.take(scratchCopy(pcm))) {
      if (event.type === 'suspend') this.#suspend();
      else this.#enqueue(this.#joiner.add(event));
    }
  }

  #suspend(): void {
    this.#endSegment();
    this.#listener.onSilenceChange(true);
  }

  #endSegment(): void {
    this.#enqueue(this.#joiner.flush());
    this.#segment?.end();
    this.#segment = undefined;
  }

  /** Adds pieces to the current segment, or begins one. */
  #enqueue(pieces: PlacedAudio[]): void {
    for (const piece of pieces) {
      const samples = piece.pcm.byteLength / 2;
      this.#segment ??= this.#startSegment();
      this.#backlogSamples += samples;
      this.#segment.push(piece);
    }
  }

  #startSegment(): Channel<PlacedAudio> {
    const audio = new Channel<PlacedAudio>();
    const onRead = ({ pcm }: PlacedAudio) => {
      this.#backlogSamples -= pcm.byteLength / 2;
    };
    this.output.push({ audio: { [Symbol.asyncIterator]: () => withReadHook(audio, onRead) } });
    this.#listener.onSilenceChange(false);
    return audio;
  }

  /** Accepts the early chunks. Each missing chunk before them counts as a loss of the same length. */
  #flushReorderBuffer(): void {
    for (const { missing, pcm } of this.#reorderBuffer.flush()) {
      if (missing > 0) this.#skipLost((missing * pcm.byteLength) / 2);
      this.#nextChunk += missing;
      this.#accept(pcm);
    }
  }

  #skipLost(samples: number): void {
    const lost = this.#skip(samples);
    if (!lost) return;
    this.#endSegment();
    this.output.push(lost);
  }

  /** @returns the loss, if it is long enough to be shown. */
  #skip(samples: number): LostAudio | undefined {
    const from = this.#nextSample;
    this.#nextSample += samples;
    this.#gate.skipTo(this.#nextSample);
    const isShown = samples >= MIN_GAP_SECONDS * this.#sampleRate;
    return isShown ? { from, to: this.#nextSample, reason: 'network' } : undefined;
  }

  #tellLossBefore(): void {
    if (this.#lossBefore) this.output.push(this.#lossBefore);
    this.#lossBefore = undefined;
  }
}

/** Milliseconds since 1970, by a clock that does not jump when the system's clock is set. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The source, with a call of `onRead` for each item that is read. */
function withReadHook<T>(source: Channel<T>, onRead: (item: T) => void): AsyncIterableIterator<T, undefined> {
  return {
    async next() {
      const result = await source.next();
      if (!result.done) onRead(result.value);
      return result;
    },
    return: () => source.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
