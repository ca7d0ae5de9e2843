import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Line } from '../line.ts';
import { decodeMessage, encodeMessage, type Message, MessageReader } from './eventStream.ts';
import { except, type Fault, inflict, type Moment, refuse } from './faults.ts';
import { type Account, checkOptions, type RequestOptions, readOptions } from './requestOptions.ts';
import { ResultBuilder } from './resultBuilder.ts';
import { ScriptedRecognizer } from './scriptedRecognizer.ts';
import { type FrameVerifier, type Keys, SignatureError, verifyRequest } from './signature.ts';
import { type Recognizer, ToneRecognizer } from './toneRecognizer.ts';

export type StreamSettings = {
  keys: Keys;
  account: Account;
  /** Whether it listens to the tones, or answers from a script without listening, which costs less. */
  recognizer: 'tone' | 'none';
  idleMs: number;
  /** A stream with more audio than this is ended. */
  longestSeconds: number;
  /** How far off the date of its answers is, and its clock. */
  dateSkewMs: number;
  clockSkewMs: number;
  fault: Fault | undefined;
};

/** One call of StartStreamTranscription as the service sees it. */
export class TranscribeStream {
  readonly headers: IncomingHttpHeaders;
  /** Every word heard so far, and how much audio came. */
  readonly words: string[] = [];
  chunks = 0;
  audioBytes = 0;
  /** Whether the client ended its audio as it should, with a signed empty frame. */
  audioEnded = false;
  readonly #http: ServerHttp2Stream;
  readonly #line: Line;
  readonly #settings: StreamSettings;
  readonly #reader = new MessageReader();
  readonly #asked: RequestOptions;
  readonly #recognizer: Recognizer;
  readonly #scribe: ResultBuilder;
  #verifier: FrameVerifier | undefined;
  /** Whether the fault has struck: from then on it neither listens nor speaks. */
  #struck = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(http: ServerHttp2Stream, headers: IncomingHttpHeaders, line: Line, settings: StreamSettings) {
    this.headers = headers;
    this.#http = http;
    this.#line = line;
    this.#settings = settings;
    this.#asked = readOptions(headers);
    const { sampleRate, filter, filters } = this.#asked;
    this.#recognizer =
      settings.recognizer === 'tone' ? new ToneRecognizer(sampleRate) : new ScriptedRecognizer(sampleRate);
    const filtered = [filter ?? [], filters]
      .flat()
      .flatMap((name) => settings.account.vocabularyFilters[name] ?? []);
    this.#scribe = new ResultBuilder(this.#asked, filtered);
    // A client that tears its stream down is no fault of the server.
    http.on('error', () => {});
    http.on('close', () => clearTimeout(this.#idleTimer));
    this.#answer();
  }

  #answer(): void {
    try {
      const { keys, account, clockSkewMs } = this.#settings;
      this.#verifier = verifyRequest(this.headers, keys, () => Date.now() + clockSkewMs);
      checkOptions(this.#asked, account);
    } catch (error) {
      const { name: exception, message } = error as Error;
      const status = error instanceof SignatureError ? 403 : 400;
      refuse(this.#http, { status, exception, message });
      return;
    }
    this.#http.on('data', (bytes: Buffer) => this.#receive(bytes));
    if (this.#strikes('request')) return;
    this.#http.respond({
      ':status': 200,
      'content-type': 'application/vnd.amazon.eventstream',
      date: new Date(Date.now() + this.#settings.dateSkewMs).toUTCString(),
      'x-amzn-request-id': randomUUID(),
      'x-amzn-transcribe-session-id': randomUUID(),
    });
    this.#waitForAudio();
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.push(bytes)) if (this.#speaks) this.#receiveFrame(frame);
    } catch (error) {
      except(this.#http, { exception: 'BadRequestException', message: (error as Error).message });
    }
  }

  get #speaks(): boolean {
    return this.#http.headersSent && this.#http.writable && !this.#struck && !this.audioEnded;
  }

  #receiveFrame(frame: Message): void {
    this.#verifier?.verify(frame);
    // An audio event without audio ends the stream just as the empty frame does.
    const pcm = frame.body.length === 0 ? frame.body : audioOf(frame);
    if (pcm.length === 0) this.#end();
    else this.#hear(pcm);
  }

  #hear(pcm: Buffer): void {
    const { sampleRate } = this.#asked;
    if (pcm.length % 2 !== 0 || pcm.length > 2 * sampleRate) throw new Error('The audio chunk is invalid');
    this.#waitForAudio();
    this.chunks += 1;
    this.audioBytes += pcm.length;
    if (this.chunks === 1 && this.#strikes('audio')) return;
    if (this.audioBytes > 2 * sampleRate * this.#settings.longestSeconds) {
      except(this.#http, {
        exception: 'LimitExceededException',
        message: 'Your stream has exceeded the maximum session duration.',
      });
      return;
    }
    for (const heard of this.#recognizer.hear(pcm)) this.#note(heard);
  }

  #note(heard: Parameters<ResultBuilder['note']>[0]): void {
    if (heard.word !== null) this.words.push(heard.word);
    this.#send(this.#scribe.note(heard));
  }

  #send(result: object | undefined): void {
    if (!result || this.#struck || !this.#http.writable) return;
    const headers = {
      ':message-type': 'event',
      ':event-type': 'TranscriptEvent',
      ':content-type': 'application/json',
    };
    const body = Buffer.from(JSON.stringify({ Transcript: { Results: [result] } }));
    this.#http.write(encodeMessage({ headers, body }));
    this.#strikes('event');
  }

  #end(): void {
    this.audioEnded = true;
    clearTimeout(this.#idleTimer);
    if (this.#strikes('end')) return;
    for (const heard of this.#recognizer.end()) this.#note(heard);
    this.#send(this.#scribe.end());
    this.#http.end();
  }

  #strikes(moment: Moment): boolean {
    const { fault } = this.#settings;
    if (fault?.at !== moment || this.#struck) return false;
    inflict(fault, this.#http, this.#line);
    if (fault.kind === 'messages') return false;
    this.#struck = true;
    clearTimeout(this.#idleTimer);
    return true;
  }

  #waitForAudio(): void {
    clearTimeout(this.#idleTimer);
    const message = 'Your request timed out because no new audio was received for 15 seconds.';
    this.#idleTimer = setTimeout(
      () => except(this.#http, { exception: 'BadRequestException', message }),
      this.#settings.idleMs,
    );
  }
}

function audioOf(frame: Message): Buffer {
  const { headers, body } = decodeMessage(frame.body);
  if (headers[':event-type'] !== 'AudioEvent') throw new Error('Only audio events are understood');
  return body;
}
