import type { AudioChunk, TranscriptEvent } from '../transcriber.ts';

export type StreamOptions = { language: string; sampleRate: number };

/** Each stream has a number. The child answers each `decode` with `decoded` or `failed`, and its start with `ready`. */
export type ToChild =
  | { type: 'open'; stream: number; options: StreamOptions }
  /** `audio` is null when the audio has ended. */
  | { type: 'decode'; stream: number; audio: AudioChunk | null }
  | { type: 'close'; stream: number };

export type FromChild = { memoryBytes: number } & (
  | { type: 'ready' }
  | { type: 'decoded'; stream: number; events: TranscriptEvent[]; ended: boolean }
  /** `stream` is null if the engine could not be loaded. */
  | { type: 'failed'; stream: number | null; message: string }
);

/** Recognises one stream in the child process. Calls come one after the other: the next waits for the last promise. */
export type StreamDecoder = {
  decode: (chunk: AudioChunk) => TranscriptEvent[] | Promise<TranscriptEvent[]>;
  /** The audio has ended: returns the remaining events. */
  end: () => TranscriptEvent[] | Promise<TranscriptEvent[]>;
  /** Nobody needs the events any more. A `decode` may still be running. */
  close?: () => void;
};

/** @throws Error if the engine cannot serve this stream. */
type OpenDecoder = (options: StreamOptions) => StreamDecoder;

/**
 * The child's side of an `EngineProcess`. The engine needs a process of its own, because native code blocks while it
 * works and takes its process with it when it crashes. The process ends when the server disconnects or dies.
 * @param load makes the engine ready. The message of an error it throws is shown to people.
 */
export function serveStreams(load: () => OpenDecoder): void {
  process.once('disconnect', () => process.exit());
  // A terminal sends these signals to the children too, but the server still needs the last words while it drains.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});

  const streams = new Map<number, ChildStream>();
  let open: OpenDecoder;
  try {
    open = load();
  } catch (error) {
    send({ type: 'failed', stream: null, message: messageOf(error) });
    return;
  }
  process.on('message', (message: ToChild) => {
    const { stream } = message;
    if (message.type === 'open') streams.set(stream, new ChildStream(stream, () => open(message.options)));
    else if (message.type === 'decode') streams.get(stream)?.decode(message.audio);
    else {
      streams.get(stream)?.close();
      streams.delete(stream);
    }
  });
  send({ type: 'ready' });
}

/** Decodes the chunks of one stream one after the other. Other streams are served in between. */
class ChildStream {
  readonly #id: number;
  readonly #open: () => StreamDecoder;
  #decoder: StreamDecoder | undefined;
  #lastDecode: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(id: number, open: () => StreamDecoder) {
    this.#id = id;
    this.#open = open;
  }

  decode(audio: AudioChunk | null): void {
    this.#lastDecode = this.#lastDecode
      .then(() => this.#answer(audio))
      .catch((error: unknown) => send({ type: 'failed', stream: this.#id, message: messageOf(error) }));
  }

  close(): void {
    this.#closed = true;
    this.#decoder?.close?.();
  }

  /** Answers even after the stream was closed, because the server counts the answers that it still expects. */
  async #answer(audio: AudioChunk | null): Promise<void> {
    const events = this.#closed ? [] : await this.#run(audio);
    send({ type: 'decoded', stream: this.#id, events, ended: audio === null });
  }

  async #run(audio: AudioChunk | null): Promise<TranscriptEvent[]> {
    this.#decoder ??= this.#open();
    return audio === null ? this.#decoder.end() : this.#decoder.decode(audio);
  }
}

/** Ignores an error of the channel: the server is gone then, and `disconnect` ends this process. */
function send(
  message: FromChild extends infer M ? (M extends unknown ? Omit<M, 'memoryBytes'> : never) : never,
): void {
  process.send?.({ ...message, memoryBytes: process.memoryUsage.rss() }, undefined, undefined, () => {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
