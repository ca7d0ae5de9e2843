import {
  StartStreamTranscriptionCommand,
  type TranscribeStreamingClient,
} from '@aws-sdk/client-transcribe-streaming';
import type { AudioChunk, SpeechOptions, TranscriptEvent } from '../transcriber.ts';
import { AwsAudio } from './audio.ts';
import { awsError, unreachable } from './errors.ts';
import { awsRequest, type Dialects } from './request.ts';
import { AwsResults } from './results.ts';

export type AwsStreamSettings = {
  client: TranscribeStreamingClient;
  dialects: Dialects;
  /** How long the service may take to answer the request, and once the audio has ended, to say the next word. */
  patienceMs: number;
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
  /** Whether whoever wanted the events wants no more of them. */
  #left = false;
  #answered = false;
  /** Whether we wait for the service, and not the service for whoever takes our events. */
  #listening = true;
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
      onChange: () => this.#beImpatient(),
      onError: (error) => this.#fail(error),
    });
  }

  /** Ends the events without an error, also while the next one is waited for. */
  leave(): void {
    this.#left = true;
    this.#stop();
  }

  async *events(): AsyncGenerator<TranscriptEvent, void, void> {
    const { signal } = this.#options;
    const onAbort = () => this.leave();
    signal.addEventListener('abort', onAbort);
    try {
      if (signal.aborted) this.leave();
      if (!this.#left) yield* this.#hear();
    } catch (error) {
      if (this.#left) return;
      throw this.#failure ? this.#failure.error : awsError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#stop();
    }
  }

  async *#hear(): AsyncGenerator<TranscriptEvent, void, void> {
    const results = new AwsResults(this.#options);
    for await (const { TranscriptEvent: event } of await this.#open()) {
      if (this.#left) return;
      this.#listening = false;
      for (const result of event?.Transcript?.Results ?? []) {
        const heard = results.event(result);
        if (heard) yield heard;
      }
      this.#listening = true;
      this.#beImpatient();
    }
    if (this.#audio.state !== 'ended' || results.open) throw unreachable('The stream ended before its time.');
  }

  /** Sends the request. It comes back with the first event, or never: the audio flows meanwhile. */
  async #open() {
    const { client, dialects } = this.#settings;
    const command = new StartStreamTranscriptionCommand(awsRequest(this.#audio, this.#options, dialects));
    command.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        // A refusal must come to its end soon; only what is heard may take as long as the audio.
        this.#answered = (answer.response as { statusCode: number }).statusCode === 200;
        if (this.#answered) this.#beImpatient();
        return answer;
      },
      { step: 'deserialize', priority: 'low', name: 'answered' },
    );
    this.#beImpatient();
    const sent = client.send(command, { abortSignal: this.#request.signal });
    const { TranscriptResultStream } = await Promise.race([sent, this.#stopped.promise]);
    if (!TranscriptResultStream) throw unreachable('The answer has no events.');
    return TranscriptResultStream;
  }

  /** Whether the service has to speak next. It need not answer before it has heard something. */
  get #owesUs(): boolean {
    const { state } = this.#audio;
    return this.#listening && (this.#answered ? state === 'ended' : state !== 'waiting');
  }

  /** Starts the time anew in which the service must speak, if it must. */
  #beImpatient(): void {
    clearTimeout(this.#timer);
    if (!this.#owesUs || this.#request.signal.aborted) return;
    const fail = () => this.#fail(unreachable('The service did not answer in time.'));
    this.#timer = setTimeout(fail, this.#settings.patienceMs);
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
