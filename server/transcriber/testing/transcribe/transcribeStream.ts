import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { ClientConnection } from '../clientConnection.ts';
import { decodeMessage, encodeMessage, type Message, MessageReader } from './eventStream.ts';
import { type Fault, inflict, type Moment, refuse, sendException } from './faults.ts';
import { createNumberRecognizer } from './numberRecognizer.ts';
import { type Account, checkOptions, type RequestOptions, readOptions } from './requestOptions.ts';
import { ResultBuilder } from './resultBuilder.ts';
import { ScriptedRecognizer } from './scriptedRecognizer.ts';
import { type FrameVerifier, type Keys, SignatureError, verifyRequest } from './signature.ts';
import { type Recognized, type Recognizer, ToneRecognizer } from './toneRecognizer.ts';

/**
 * `tone` recognises the words of `toneRecognizer.ts`, and `numbers` those of `numberRecognizer.ts`. `none` ignores the
 * audio and answers from a script, which costs less.
 */
export type RecognizerName = keyof typeof RECOGNIZERS;

const RECOGNIZERS = {
  tone: (sampleRate: number): Recognizer => new ToneRecognizer(sampleRate),
  numbers: (sampleRate: number): Recognizer => createNumberRecognizer(sampleRate),
  none: (sampleRate: number): Recognizer => new ScriptedRecognizer(sampleRate),
};

type StreamSettings = {
  keys: Keys;
  account: Account;
  recognizer: RecognizerName;
  idleMs: number;
  /** A stream that gets more audio than this is ended. */
  longestSeconds: number;
  /** How wrong the date header of the answers is. */
  dateSkewMs: number;
  /** How wrong the clock is that checks the signatures. */
  clockSkewMs: number;
  fault: Fault | undefined;
};

/** One call of StartStreamTranscription, on the side of the service. */
export class TranscribeStream {
  readonly headers: IncomingHttpHeaders;
  /** Every word that was recognised so far. */
  readonly words: string[] = [];
  chunks = 0;
  /** Whether the client ended its audio correctly, with a signed empty frame. */
  audioEnded = false;
  readonly #http: ServerHttp2Stream;
  readonly #connection: ClientConnection;
  readonly #settings: StreamSettings;
  readonly #reader = new MessageReader();
  readonly #options: RequestOptions;
  readonly #recognizer: Recognizer;
  readonly #results: ResultBuilder;
  #audioBytes = 0;
  #verifier: FrameVerifier | undefined;
  /** Whether the fault has struck. From then on the stream neither reads nor sends. */
  #faultStruck = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(
    http: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    connection: ClientConnection,
    settings: StreamSettings,
  ) {
    this.headers = headers;
    this.#http = http;
    this.#connection = connection;
    this.#settings = settings;
    this.#options = readOptions(headers);
    const { sampleRate, filter, filters } = this.#options;
    this.#recognizer = RECOGNIZERS[settings.recognizer](sampleRate);
    const filtered = [filter ?? [], filters]
      .flat()
      .flatMap((name) => settings.account.vocabularyFilters[name] ?? []);
    this.#results = new ResultBuilder(this.#options, filtered);
    // A client may tear its stream down at any time; that is no error of the server.
    http.on('error', () => {});
    http.on('close', () => clearTimeout(this.#idleTimer));
    this.#answer();
  }

  #answer(): void {
    try {
      const { keys, account, clockSkewMs } = this.#settings;
      this.#verifier = verifyRequest(this.headers, keys, () => Date.now() + clockSkewMs);
      checkOptions(this.#options, account);
    } catch (error) {
      const { name: exception, message } = error as Error;
      const status = error instanceof SignatureError ? 403 : 400;
      refuse(this.#http, { status, exception, message });
      return;
    }
    this.#http.on('data', (bytes: Buffer) => this.#receive(bytes));
    if (this.#inflictAt('request')) return;
    this.#http.respond({
      ':status': 200,
      'content-type': 'application/vnd.amazon.eventstream',
      date: new Date(Date.now() + this.#settings.dateSkewMs).toUTCString(),
      'x-amzn-request-id': randomUUID(),
      'x-amzn-transcribe-session-id': randomUUID(),
    });
    this.#restartIdleTimer();
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.push(bytes)) if (this.#isOpen) this.#receiveFrame(frame);
    } catch (error) {
      sendException(this.#http, { exception: 'BadRequestException', message: (error as Error).message });
    }
  }

  get #isOpen(): boolean {
    return this.#http.headersSent && this.#http.writable && !this.#faultStruck && !this.audioEnded;
  }

  #receiveFrame(frame: Message): void {
    this.#verifier?.verify(frame);
    // An audio event without audio ends the stream, like the empty frame.
    const pcm = frame.body.length === 0 ? frame.body : audioOf(frame);
    if (pcm.length === 0) this.#end();
    else this.#receiveAudio(pcm);
  }

  #receiveAudio(pcm: Buffer): void {
    const { sampleRate } = this.#options;
    if (pcm.length % 2 !== 0 || pcm.length > 2 * sampleRate) throw new Error('The audio chunk is invalid');
    this.#restartIdleTimer();
    this.chunks += 1;
    this.#audioBytes += pcm.length;
    if (this.chunks === 1 && this.#inflictAt('audio')) return;
    if (this.#audioBytes > 2 * sampleRate * this.#settings.longestSeconds) {
      sendException(this.#http, {
        exception: 'LimitExceededException',
        message: 'Your stream has exceeded the maximum session duration.',
      });
      return;
    }
    for (const recognized of this.#recognizer.recognize(pcm)) this.#add(recognized);
  }

  #add(recognized: Recognized): void {
    if (recognized.word !== null) this.words.push(recognized.word);
    this.#send(this.#results.add(recognized));
  }

  #send(result: object | undefined): void {
    if (!result || this.#faultStruck || !this.#http.writable) return;
    const headers = {
      ':message-type': 'event',
      ':event-type': 'TranscriptEvent',
      ':content-type': 'application/json',
    };
    const body = Buffer.from(JSON.stringify({ Transcript: { Results: [result] } }));
    this.#http.write(encodeMessage({ headers, body }));
    this.#inflictAt('event');
  }

  #end(): void {
    this.audioEnded = true;
    clearTimeout(this.#idleTimer);
    if (this.#inflictAt('end')) return;
    for (const recognized of this.#recognizer.end()) this.#add(recognized);
    this.#send(this.#results.end());
    this.#http.end();
  }

  /** Makes the fault if its moment has come. Returns whether it ends the work of this stream. */
  #inflictAt(moment: Moment): boolean {
    const { fault } = this.#settings;
    if (fault?.at !== moment || this.#faultStruck) return false;
    inflict(fault, this.#http, this.#connection);
    if (fault.kind === 'messages') return false;
    this.#faultStruck = true;
    clearTimeout(this.#idleTimer);
    return true;
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    const message = 'Your request timed out because no new audio was received for 15 seconds.';
    this.#idleTimer = setTimeout(
      () => sendException(this.#http, { exception: 'BadRequestException', message }),
      this.#settings.idleMs,
    );
  }
}

function audioOf(frame: Message): Buffer {
  const { headers, body } = decodeMessage(frame.body);
  if (headers[':event-type'] !== 'AudioEvent') throw new Error('Only audio events are supported');
  return body;
}
