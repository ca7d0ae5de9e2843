import {
  StartStreamTranscriptionCommand,
  type TranscribeStreamingClient,
} from '@aws-sdk/client-transcribe-streaming';
import type { AudioChunk, SpeechOptions, TranscriptEvent } from '../transcriber.ts';
import { AwsAudio } from './audio.ts';
import { awsError, unreachable } from './errors.ts';
import { awsRequest } from './request.ts';
import { AwsResults } from './results.ts';

export type AwsStreamSettings = {
  client: TranscribeStreamingClient;
  /** How long the service may take to answer the request and, after the end of the audio, to send each next event. */
  answerTimeoutMs: number;
};

/**
 * One stream of the service, from its request to its end or its first fault. The SDK hides most faults and frees
 * nothing by itself. So every end, good or bad, tears both sides down here: the request through its abort signal, the
 * audio through `stop()`.
 */
export class AwsStream {
  readonly #options: SpeechOptions & { signal: AbortSignal };
  readonly #settings: AwsStreamSettings;
  readonly #audio: AwsAudio;
  readonly #request = new AbortController();
  readonly #stopped = Promise.withResolvers<never>();
  #failure: { error: unknown } | undefined;
  /** The consumer wants no more events. */
  #cancelled = false;
  #answered = false;
  /** False while the consumer handles our events: then the service waits for us, and not we for it. */
  #awaitsEvent = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    source: AsyncIterable<AudioChunk>,
    options: SpeechOptions & { signal: AbortSignal },
    settings: AwsStreamSettings,
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#stopped.promise.catch(() => {});
    this.#audio = new AwsAudio(source, {
      onChange: () => this.#restartTimer(),
      onError: (error) => this.#fail(error),
    });
  }

  /** Ends the events without an error, even while the consumer waits for the next one. */
  cancel(): void {
    this.#cancelled = true;
    this.#stop();
  }

  /** @throws AppError when the stream fails; an error of the audio source as it is. */
  async *events(): AsyncGenerator<TranscriptEvent, void, void> {
    const { signal } = this.#options;
    const onAbort = () => this.cancel();
    signal.addEventListener('abort', onAbort);
    try {
      if (signal.aborted) this.cancel();
      if (!this.#cancelled) yield* this.#recognize();
    } catch (error) {
      if (this.#cancelled) return;
      throw this.#failure ? this.#failure.error : awsError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#stop();
    }
  }

  async *#recognize(): AsyncGenerator<TranscriptEvent, void, void> {
    const results = new AwsResults(this.#options);
    for await (const { TranscriptEvent: message } of await this.#open()) {
      if (this.#cancelled) return;
      this.#awaitsEvent = false;
      for (const result of message?.Transcript?.Results ?? []) {
        const event = results.event(result);
        if (event) yield event;
      }
      this.#awaitsEvent = true;
      this.#restartTimer();
    }
    if (this.#audio.state !== 'ended' || results.open) throw unreachable('The stream ended before its time.');
  }

  /** Sends the request. The promise settles with the service's first event, or never; audio flows meanwhile. */
  async #open() {
    const { client } = this.#settings;
    const command = new StartStreamTranscriptionCommand(awsRequest(this.#audio, this.#options));
    command.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        // A refusal must arrive whole within the timeout. Only an accepted stream may take as long as its audio.
        this.#answered = (answer.response as { statusCode: number }).statusCode === 200;
        if (this.#answered) this.#restartTimer();
        return answer;
      },
      { step: 'deserialize', priority: 'low', name: 'answered' },
    );
    this.#restartTimer();
    const sent = client.send(command, { abortSignal: this.#request.signal });
    const { TranscriptResultStream } = await Promise.race([sent, this.#stopped.promise]);
    if (!TranscriptResultStream) throw unreachable('The answer has no events.');
    return TranscriptResultStream;
  }

  /** Whether it is the service's turn to send something. It need not answer before it has got any audio. */
  get #serviceMustSend(): boolean {
    const { state } = this.#audio;
    return this.#awaitsEvent && (this.#answered ? state === 'ended' : state !== 'waiting');
  }

  /** Restarts the answer timeout if the service must send something, and stops it otherwise. */
  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (!this.#serviceMustSend || this.#request.signal.aborted) return;
    const fail = () => this.#fail(unreachable('The service did not answer in time.'));
    this.#timer = setTimeout(fail, this.#settings.answerTimeoutMs);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#request.abort();
    this.#stopped.reject(this.#request.signal.reason);
    this.#audio.stop();
  }
}
