import { AppError } from '../../../contract/errors.ts';
import { LIMITS } from '../../../contract/limits.ts';
import type { GapReason } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { mustBePcm } from './pcmCheck.ts';
import { PieceJoiner } from './pieceJoiner.ts';
import { ReorderBuffer } from './reorderBuffer.ts';
import type { VoiceGate } from './voiceGate.ts';

/** What comes of a microphone, in order: speech to be heard, and what was lost on the way, in samples of the stream. */
export type Spoken = { audio: AsyncIterable<PlacedAudio> };
export type LostAudio = { from: number; to: number; reason: GapReason };

/** Tells speech from silence. */
export type Gate = Pick<VoiceGate, 'take' | 'skipTo'>;

export type MicrophoneOptions = {
  sampleRate: number;
  gate: Gate;
  /** Whether the process has little time: audio goes on in larger pieces then. */
  isBusy?: (() => boolean) | undefined;
  /** How long ago what comes first was said. */
  behindSeconds?: number | undefined;
  /** How much was lost before that. */
  lostSeconds?: number | undefined;
};

export type MicrophoneListener = {
  /** So many seconds are handed on to be heard; the rest is silence. */
  onSpeech: (seconds: number) => void;
  /** Nobody has spoken for a while (`quiet`), or somebody speaks again. */
  onQuiet: (quiet: boolean) => void;
};

/** How much audio may wait to be drawn before chunks are refused for a moment. */
const QUEUE_SECONDS = 30;
/** Whoever sends the wrong format does so from the beginning. */
const FORMAT_SECONDS = 5;
/** What is shorter was not worth a word. */
const LOST_SECONDS = 0.5;

/**
 * The microphone's end of a stream: chunks in any order go in; speech comes out in stretches, each from somebody's
 * first word to a long silence. Samples are numbered from the stream's first one on, silent and lost ones too, so that
 * a number is a time.
 */
export class Microphone {
  readonly work = new Channel<Spoken | LostAudio>();
  readonly #sampleRate: number;
  readonly #listener: MicrophoneListener;
  readonly #reorderBuffer = new ReorderBuffer();
  readonly #gate: Gate;
  readonly #joiner: PieceJoiner;
  #segment: Channel<PlacedAudio> | undefined;
  #startedAt: number | undefined;
  /** The number of the next sample. */
  #position = 0;
  #taken = 0;
  #waiting = 0;

  constructor(
    { sampleRate, gate, isBusy = () => false, behindSeconds = 0, lostSeconds = 0 }: MicrophoneOptions,
    listener: MicrophoneListener,
  ) {
    this.#sampleRate = sampleRate;
    this.#listener = listener;
    this.#gate = gate;
    this.#joiner = new PieceJoiner(sampleRate, isBusy);
    if (behindSeconds + lostSeconds > 0) this.#startedAt = now() - 1_000 * (behindSeconds + lostSeconds);
    if (lostSeconds > 0) this.#lose(Math.round(lostSeconds * sampleRate));
  }

  get nextSeq(): number {
    return this.#reorderBuffer.nextSeq;
  }

  /** Seconds of audio that were taken in. */
  get seconds(): number {
    return this.#taken / this.#sampleRate;
  }

  /** When something was said, in ms since 1970. @param seconds from the stream's first sample on. */
  timeOf(seconds: number): number {
    return (this.#startedAt ?? now()) + 1_000 * seconds;
  }

  /**
   * Takes one chunk in. A refused chunk uses up no number.
   * @throws AppError for a chunk that is malformed, too far ahead, or more than can be heard right now.
   */
  push(seq: number, pcm: Uint8Array): void {
    this.#check(pcm);
    for (const ready of this.#reorderBuffer.take(seq, pcm)) this.#take(ready);
  }

  /** What is still under way is lost, and whatever comes next is said now. */
  startAfresh(): void {
    this.#takeHeld();
    if (this.#startedAt === undefined) return;
    const behind = (now() - this.timeOf(this.#position / this.#sampleRate)) / 1_000;
    if (behind > 0) this.#lose(Math.round(behind * this.#sampleRate));
  }

  /** What lies before this sample has been heard: its memory is used again. */
  forget(sample: number): void {
    this.#joiner.forget(sample);
  }

  /** Nothing comes any more; what was taken in is still to be heard. */
  end(): void {
    this.#takeHeld();
    this.#endSegment();
    this.work.end();
  }

  /** Lets all go. */
  close(): void {
    void this.#segment?.return();
    void this.work.return();
  }

  #check(pcm: Uint8Array): void {
    if (pcm.byteLength === 0) throw new AppError('BAD_REQUEST', 'chunk_empty', 'The chunk holds no audio.');
    if (pcm.byteLength % 2 !== 0) {
      throw new AppError('BAD_REQUEST', 'chunk_odd', 'The chunk holds half a sample; samples are 2 bytes.');
    }
    if (pcm.byteLength > 2 * this.#sampleRate * LIMITS.chunkSeconds) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'chunk_too_long', 'A chunk holds at most one second of audio.');
    }
    if (this.seconds < FORMAT_SECONDS) mustBePcm(pcm);
    if (this.#waiting > QUEUE_SECONDS * this.#sampleRate) {
      const message = 'The speech engine is behind. Wait a moment.';
      throw new AppError('TOO_MANY_REQUESTS', 'engine_behind', message, {
        retryable: true,
        retryAfterMs: 500,
      });
    }
  }

  #take(pcm: Uint8Array): void {
    const samples = pcm.byteLength / 2;
    this.#startedAt ??= now() - (1_000 * samples) / this.#sampleRate;
    this.#position += samples;
    this.#taken += samples;
    for (const gated of this.#gate.take(onDesk(pcm))) {
      if (gated.type === 'suspend') this.#suspend();
      else this.#handOn(this.#joiner.take(gated));
    }
  }

  #suspend(): void {
    this.#endSegment();
    this.#listener.onQuiet(true);
  }

  #endSegment(): void {
    this.#handOn(this.#joiner.flush());
    this.#segment?.end();
    this.#segment = undefined;
  }

  #handOn(pieces: PlacedAudio[]): void {
    for (const piece of pieces) {
      const samples = piece.pcm.byteLength / 2;
      this.#segment ??= this.#begin();
      this.#waiting += samples;
      this.#segment.push(piece);
      this.#listener.onSpeech(samples / this.#sampleRate);
    }
  }

  #begin(): Channel<PlacedAudio> {
    const audio = new Channel<PlacedAudio>();
    const onDrawn = ({ pcm }: PlacedAudio) => {
      this.#waiting -= pcm.byteLength / 2;
    };
    this.work.push({ audio: { [Symbol.asyncIterator]: () => watched(audio, onDrawn) } });
    this.#listener.onQuiet(false);
    return audio;
  }

  /** Early chunks whose predecessors will never come: those are lost, and nobody knows how long they were. */
  #takeHeld(): void {
    for (const { missing, pcm } of this.#reorderBuffer.rest()) {
      if (missing > 0) this.#lose((missing * pcm.byteLength) / 2);
      this.#take(pcm);
    }
  }

  #lose(samples: number): void {
    const from = this.#position;
    this.#position += samples;
    this.#gate.skipTo(this.#position);
    if (samples < LOST_SECONDS * this.#sampleRate) return;
    this.#endSegment();
    this.work.push({ from, to: this.#position, reason: 'network' });
  }
}

let desk = new Uint8Array(0);

/**
 * A copy for as long as nothing is awaited. Seen: views that compiled code made in the gate outlived several young
 * collections, and with each of them the whole read of a socket.
 */
function onDesk(pcm: Uint8Array): Uint8Array {
  if (desk.length < pcm.length) desk = new Uint8Array(pcm.length);
  const copy = desk.subarray(0, pcm.length);
  copy.set(pcm);
  return copy;
}

/** Not moved by whoever sets the machine's clock. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function watched<T>(source: Channel<T>, onDrawn: (item: T) => void): AsyncIterableIterator<T, undefined> {
  return {
    async next() {
      const result = await source.next();
      if (!result.done) onDrawn(result.value);
      return result;
    },
    return: () => source.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
