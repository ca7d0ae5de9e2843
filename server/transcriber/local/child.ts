import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';

export type StreamOptions = { language: string; sampleRate: number };

/** Streams are told apart by numbers. Each `hear` is answered by one message, and so is the start, by `ready`. */
export type ToChild =
  | { type: 'open'; stream: number; options: StreamOptions }
  /** `null` when the audio has ended. */
  | { type: 'hear'; stream: number; audio: AudioChunk | null }
  | { type: 'close'; stream: number };

export type FromChild = { memoryBytes: number } & (
  | { type: 'ready' }
  | { type: 'heard'; stream: number; events: TranscriptEvent[]; ended: boolean }
  /** Without a stream: nothing can be heard at all. */
  | { type: 'failed'; stream: number | null; message: string }
);

/** What hears one stream in the child process. The next chunk comes when the last one is done with. */
export type StreamDecoder = {
  hear: (chunk: AudioChunk) => TranscriptEvent[] | Promise<TranscriptEvent[]>;
  /** The audio has ended: what is left. */
  end: () => TranscriptEvent[] | Promise<TranscriptEvent[]>;
  /** Nobody listens any more; a chunk may still be under way. */
  close?: () => void;
};

/** @throws Error if this stream cannot be heard. */
export type OpenDecoder = (options: StreamOptions) => StreamDecoder;

/**
 * The child's side of an `EngineProcess`: native code blocks while it works and, if it crashes, takes its process with
 * it. The process lives as long as the server holds on to it.
 * @param load makes the engine ready; what it throws is told as a reason for people.
 */
export function serveStreams(load: () => OpenDecoder): void {
  process.once('disconnect', () => process.exit());
  // A terminal sends these to the children too, but the server still wants to hear the rest while it drains.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});

  const streams = new Map<number, ChildStream>();
  let open: OpenDecoder;
  try {
    open = load();
  } catch (error) {
    tell({ type: 'failed', stream: null, message: messageOf(error) });
    return;
  }
  process.on('message', (message: ToChild) => {
    const { stream } = message;
    if (message.type === 'open') streams.set(stream, new ChildStream(stream, () => open(message.options)));
    else if (message.type === 'hear') streams.get(stream)?.hear(message.audio);
    else {
      streams.get(stream)?.close();
      streams.delete(stream);
    }
  });
  tell({ type: 'ready' });
}

/** One stream's questions, answered one after the other, while other streams have theirs answered in between. */
class ChildStream {
  readonly #id: number;
  readonly #open: () => StreamDecoder;
  #decoder: StreamDecoder | undefined;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(id: number, open: () => StreamDecoder) {
    this.#id = id;
    this.#open = open;
  }

  hear(audio: AudioChunk | null): void {
    this.#last = this.#last
      .then(() => this.#answer(audio))
      .catch((error: unknown) => tell({ type: 'failed', stream: this.#id, message: messageOf(error) }));
  }

  close(): void {
    this.#closed = true;
    this.#decoder?.close?.();
  }

  /** What was asked before the stream closed is answered too: the server counts. */
  async #answer(audio: AudioChunk | null): Promise<void> {
    const events = this.#closed ? [] : await this.#ask(audio);
    tell({ type: 'heard', stream: this.#id, events, ended: audio === null });
  }

  async #ask(audio: AudioChunk | null): Promise<TranscriptEvent[]> {
    this.#decoder ??= this.#open();
    return audio === null ? this.#decoder.end() : this.#decoder.hear(audio);
  }
}

/** The server may have gone meanwhile; `disconnect` then ends this process. */
function tell(
  message: FromChild extends infer M ? (M extends unknown ? Omit<M, 'memoryBytes'> : never) : never,
): void {
  process.send?.({ ...message, memoryBytes: process.memoryUsage.rss() }, undefined, undefined, () => {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
