import type { ClientHttp2Stream } from 'node:http2';
import {
  StartStreamTranscriptionCommand,
  type TranscribeStreamingClient,
} from '@aws-sdk/client-transcribe-streaming';
import { AwsAudio } from './awsAudio.ts';
import { awsError, unreachable } from './awsErrors.ts';
import { awsRequest, type Dialects } from './awsRequest.ts';
import { AwsResults } from './awsResults.ts';
import type { AudioChunk, SpeechOptions, TranscriptEvent } from './transcriber.ts';

export type AwsStreamSettings = {
  client: TranscribeStreamingClient;
  dialects: Dialects;
  /** How long the service may take to answer, not counting the wait for the first audio. */
  connectTimeoutMs: number;
};

/**
 * One stream of the service, from its request to its end or its first fault. The SDK hides most faults and lets go of
 * nothing by itself, so however it ends both sides are torn down here: the request by its abort signal, the audio by
 * `stop()`.
 */
export class AwsStream {
  readonly #options: SpeechOptions & { signal: AbortSignal };
  readonly #settings: AwsStreamSettings;
  readonly #audio: AwsAudio;
  readonly #request = new AbortController();
  readonly #stopped = Promise.withResolvers<never>();
  #failure: { error: unknown } | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #answer: ClientHttp2Stream | undefined;

  constructor(
    source: AsyncIterable<AudioChunk>,
    options: SpeechOptions & { signal: AbortSignal },
    settings: AwsStreamSettings,
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#stopped.promise.catch(() => {});
    this.#audio = new AwsAudio(source, {
      onWait: () => clearTimeout(this.#connectTimer),
      onStart: () => this.#expectAnswer(),
      onError: (error) => this.#fail(error),
    });
  }

  async *events(): AsyncGenerator<TranscriptEvent, void, void> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop();
    signal.addEventListener('abort', onAbort);
    try {
      if (!signal.aborted) yield* this.#hear();
    } catch (error) {
      if (signal.aborted) return;
      throw this.#failure ? this.#failure.error : awsError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#stop();
    }
  }

  async *#hear(): AsyncGenerator<TranscriptEvent, void, void> {
    const results = new AwsResults(this.#options.language);
    for await (const { TranscriptEvent: event } of await this.#open()) {
      if (this.#options.signal.aborted) return;
      for (const result of event?.Transcript?.Results ?? []) {
        const heard = results.event(result);
        if (heard) yield heard;
      }
    }
    if (!this.#whole || !this.#audio.ended || results.open)
      throw unreachable('The stream ended before its time.');
  }

  /** Whether the service ended its answer. To the SDK a connection that somebody cut is an end like any other. */
  get #whole(): boolean {
    return this.#answer?.readableEnded === true && !this.#answer.rstCode;
  }

  /** Sends the request. It comes back with the first event, or never: the audio flows meanwhile. */
  async #open() {
    const { client, dialects } = this.#settings;
    const command = new StartStreamTranscriptionCommand(awsRequest(this.#audio, this.#options, dialects));
    command.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        this.#answer = (answer.response as { body: ClientHttp2Stream }).body;
        clearTimeout(this.#connectTimer);
        return answer;
      },
      { step: 'deserialize', priority: 'low', name: 'answered' },
    );
    this.#expectAnswer();
    const sent = client.send(command, { abortSignal: this.#request.signal });
    const { TranscriptResultStream } = await Promise.race([sent, this.#stopped.promise]);
    if (!TranscriptResultStream) throw unreachable('The answer has no events.');
    return TranscriptResultStream;
  }

  #expectAnswer(): void {
    clearTimeout(this.#connectTimer);
    if (this.#answer || this.#request.signal.aborted) return;
    const fail = () => this.#fail(unreachable('The request was not answered in time.'));
    this.#connectTimer = setTimeout(fail, this.#settings.connectTimeoutMs);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#connectTimer);
    this.#request.abort();
    this.#stopped.reject(this.#request.signal.reason);
    this.#audio.stop();
  }
}
