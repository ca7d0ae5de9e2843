import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AwsOptions, createAwsEngine } from './aws.ts';
import { chunked } from './testing/audio.ts';
import { AudioSource } from './testing/audioSource.ts';
import type { Fault, Moment } from './testing/faults.ts';
import { singUtterance } from './testing/toneEar.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
  type TranscribeServer,
} from './testing/transcribeServer.ts';
import type { SpeechEngine, TranscriptEvent } from './transcriber.ts';

const RATE = 16_000;
const POLL = { interval: 5, timeout: 5_000 };
const WORDS = 'go forward ten meters';

let server: TranscribeServer;
const engines: SpeechEngine[] = [];

beforeAll(async () => {
  server = await startTranscribeServer();
});
afterEach(async () => {
  server.setFault(undefined);
  vi.unstubAllEnvs();
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => server.close());

function engineFor(options: Partial<AwsOptions> = {}): SpeechEngine {
  const engine = createAwsEngine({
    region: 'eu-west-1',
    endpoint: server.url,
    credentials: TEST_CREDENTIALS,
    ...options,
  });
  engines.push(engine);
  return engine;
}

/** A sung sentence; with `hangs` the microphone stays open after it, silent. */
function singing(text = WORDS, { hangs = false, pauseSeconds = 0.6 } = {}): AudioSource {
  return new AudioSource(chunked(singUtterance(text, RATE, pauseSeconds), 100, RATE), { hangs });
}

async function hear(
  engine: SpeechEngine,
  source: AudioSource,
  { language = 'en-US', signal = new AbortController().signal } = {},
): Promise<TranscriptEvent[]> {
  return Array.fromAsync(engine.transcribe(source, { language, sampleRate: RATE, signal }));
}

async function expectNothingLeft(source: AudioSource): Promise<void> {
  expect(source.returned).toBe(true);
  await expect.poll(() => server.openSessions(), POLL).toBe(0);
}

describe('what is heard', () => {
  test('follows from every single chunk: none is lost, doubled or moved', async () => {
    const words = Array.from({ length: 60 }, (_, i) => WORDS.split(' ')[(i * i) % 4]).join(' ');
    const finals = (await hear(engineFor(), singing(words))).filter(({ type }) => type === 'final');
    expect(finals.map(({ text }) => text)).toEqual([`${words}.`]);
    expect(server.streams.at(-1)?.audioEnded).toBe(true);
  });

  test('comes as partials whose last word is not stable, then as a final with words and confidence', async () => {
    const events = await hear(engineFor(), singing());
    expect(events.map(({ type, text, stableChars }) => [type, text, stableChars])).toEqual([
      ['partial', 'go', 0],
      ['partial', 'go fo', 2],
      ['partial', 'go forward te', 10],
      ['partial', 'go forward ten me', 14],
      ['final', 'go forward ten meters.', 22],
    ]);
    expect(events[0]?.confidence).toBeNull();
    const final = events.at(-1);
    expect(final?.confidence).toBeCloseTo(0.9);
    expect(final?.words.map(({ text }) => text)).toEqual(WORDS.split(' '));
    expect(final?.words[3]).toEqual({ text: 'meters', start: 0.3, end: 0.4, confidence: 0.9 });
  });

  test('with “auto” is in the language that the service recognised', async () => {
    const [korean] = await hear(engineFor(), singing('안녕'), { language: 'auto' });
    expect(korean?.language).toBe('ko-KR');
    expect(server.streams.at(-1)?.headers['x-amzn-transcribe-language-options']).toBe('ko-KR,en-US');
  });

  test('goes to the endpoint and with the keys of the SDK’s own variables', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING', server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', TEST_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', TEST_CREDENTIALS.secretAccessKey);
    const events = await hear(engineFor({ endpoint: undefined, credentials: undefined }), singing());
    expect(events.at(-1)?.text).toBe('go forward ten meters.');
  });
});

describe('a fault', () => {
  const MESSAGE = 'something in the service’s words';
  const exception = (name: string, message = MESSAGE) =>
    ({ kind: 'exception', exception: name, message }) as const;
  const refusal = (status: number, name: string, message = MESSAGE) =>
    ({ at: 'request', kind: 'refusal', status, exception: name, message }) as const;
  const idle = 'Your request timed out because no new audio was received for 15 seconds.';

  const faultsAt = (at: Moment): [Fault, string, boolean][] => [
    [{ at, ...exception('LimitExceededException') }, 'engine_limit', true],
    [{ at, ...exception('InternalFailureException') }, 'engine_failed', true],
    [{ at, ...exception('ServiceUnavailableException') }, 'engine_failed', true],
    [{ at, ...exception('ConflictException') }, 'engine_failed', true],
    [{ at, ...exception('UnheardOfException') }, 'engine_failed', true],
    [{ at, ...exception('BadRequestException', idle) }, 'engine_idle', true],
    [{ at, ...exception('BadRequestException', 'Signature expired: long ago') }, 'engine_late', true],
    [{ at, ...exception('BadRequestException') }, 'engine_refused', false],
    [{ at, kind: 'reset', code: 0 }, 'engine_unreachable', true],
    [{ at, kind: 'reset', code: 2 }, 'engine_unreachable', true],
    [{ at, kind: 'reset', code: 7 }, 'engine_unreachable', true],
    [{ at, kind: 'reset', code: 8 }, 'engine_unreachable', true],
    [{ at, kind: 'fin' }, 'engine_unreachable', true],
    [{ at, kind: 'tcpReset' }, 'engine_unreachable', true],
    [{ at, kind: 'goaway' }, 'engine_unreachable', true],
    [{ at, kind: 'end' }, 'engine_unreachable', true],
  ];
  const faults: [Fault, string, boolean][] = [
    [refusal(403, 'AccessDeniedException'), 'access_denied', false],
    [refusal(403, 'UnrecognizedClientException'), 'credentials', false],
    [refusal(403, 'ExpiredTokenException'), 'credentials', false],
    [refusal(403, 'InvalidSignatureException', 'Signature expired: 1 is not 2'), 'clock_wrong', false],
    [refusal(400, 'BadRequestException', 'The language is not supported'), 'language_unsupported', false],
    [refusal(429, 'ThrottlingException'), 'engine_limit', true],
    [refusal(503, 'a proxy’s own'), 'engine_failed', true],
    [{ at: 'request', kind: 'tcpReset' }, 'engine_unreachable', true],
    ...faultsAt('audio'),
    ...faultsAt('event'),
  ];

  test.each(faults)(
    '%j is told as “%s”, retryable: %s, and leaves nothing behind',
    async (fault, reason, retryable) => {
      server.setFault(fault);
      const source = singing(WORDS, { hangs: true });
      await expect(hear(engineFor(), source)).rejects.toMatchObject({ name: 'AppError', reason, retryable });
      await expectNothingLeft(source);
    },
  );

  const cuts = ['fin', 'tcpReset', 'goaway', 'silence'] as const;
  test.each(cuts)(
    'between the end of the audio and the last words (%s) is not taken for an end',
    async (kind) => {
      server.setFault({ at: 'end', kind });
      const source = singing(WORDS);
      await expect(hear(engineFor({ idleTimeoutMs: 200 }), source)).rejects.toMatchObject({
        reason: 'engine_unreachable',
      });
      await expectNothingLeft(source);
    },
  );

  test('that ends the stream in the middle of an utterance is not taken for an end', async () => {
    server.setFault({ at: 'end', kind: 'end' });
    const source = singing(WORDS, { pauseSeconds: 0 });
    await expect(hear(engineFor(), source)).rejects.toMatchObject({ reason: 'engine_unreachable' });
  });

  test('of silence: a service that never answers is given up', async () => {
    server.setFault({ at: 'request', kind: 'silence' });
    const source = singing(WORDS, { hangs: true });
    await expect(hear(engineFor({ connectTimeoutMs: 50 }), source)).rejects.toMatchObject({
      reason: 'engine_unreachable',
      retryable: true,
    });
    await expectNothingLeft(source);
  });

  test('of silence: a connection on which nothing moves any more is given up', async () => {
    server.setFault({ at: 'event', kind: 'silence' });
    const source = singing(WORDS, { hangs: true });
    await expect(hear(engineFor({ idleTimeoutMs: 200 }), source)).rejects.toMatchObject({
      reason: 'engine_unreachable',
    });
    await expectNothingLeft(source);
  });

  test('credentials that never come are given up, and an abort does not wait for them', async () => {
    const credentials = () => new Promise<never>(() => {});
    const source = singing();
    const engine = engineFor({ credentials, connectTimeoutMs: 50 });
    await expect(hear(engine, source)).rejects.toMatchObject({ reason: 'engine_unreachable' });
    expect(source.returned).toBe(true);

    const abort = new AbortController();
    const heard = hear(engineFor({ credentials }), singing(), { signal: abort.signal });
    abort.abort();
    expect(await heard).toEqual([]);
  });

  test('nobody listens at the address', async () => {
    const gone = await startTranscribeServer();
    await gone.close();
    const source = singing(WORDS, { hangs: true });
    await expect(hear(engineFor({ endpoint: gone.url }), source)).rejects.toMatchObject({
      reason: 'engine_unreachable',
    });
    expect(source.returned).toBe(true);
  });

  test('of the audio itself is thrown on as it is', async () => {
    const broken = new Error('the microphone broke');
    const audio = (async function* () {
      yield new Uint8Array(3_200);
      throw broken;
    })();
    const signal = new AbortController().signal;
    const events = engineFor().transcribe(audio, { language: 'en-US', sampleRate: RATE, signal });
    await expect(Array.fromAsync(events)).rejects.toBe(broken);
    await expect.poll(() => server.openSessions(), POLL).toBe(0);
  });
});

describe('signatures', () => {
  const wrong = {
    'a wrong secret': { ...TEST_CREDENTIALS, secretAccessKey: 'not the secret' },
    'an unknown key': { ...TEST_CREDENTIALS, accessKeyId: 'AKIDUNKNOWN' },
  };
  test.each(Object.entries(wrong))('%s is refused, and told as “credentials”', async (_, credentials) => {
    const source = singing(WORDS, { hangs: true });
    await expect(hear(engineFor({ credentials }), source)).rejects.toMatchObject({
      reason: 'credentials',
      retryable: false,
    });
    await expectNothingLeft(source);
    expect(server.streams.at(-1)?.words).toEqual([]);
  });

  test('are not spoiled by the date of the answer, which comes late after a long silence', async () => {
    const late = await startTranscribeServer({ dateSkewMs: 3_600_000 });
    const events = await hear(engineFor({ endpoint: late.url }), singing());
    expect(events.at(-1)?.text).toBe('go forward ten meters.');
    await late.close();
  });
});

describe('audio', () => {
  test('an empty chunk does not end the stream', async () => {
    const [first, ...rest] = chunked(singUtterance(WORDS, RATE), 100, RATE);
    const source = new AudioSource([first as Uint8Array, new Uint8Array(0), ...rest]);
    expect((await hear(engineFor(), source)).at(-1)?.text).toBe('go forward ten meters.');
  });

  test('that stops coming is the service’s reason to hang up', async () => {
    const impatient = await startTranscribeServer({ idleMs: 50 });
    const source = singing(WORDS, { hangs: true });
    await expect(hear(engineFor({ endpoint: impatient.url }), source)).rejects.toMatchObject({
      reason: 'engine_idle',
      retryable: true,
    });
    await expect.poll(() => impatient.openSessions(), POLL).toBe(0);
    await impatient.close();
  });

  test('is let go while an event is waited for, if the consumer leaves', async () => {
    const source = new AudioSource([], { hangs: true });
    const signal = new AbortController().signal;
    const events = engineFor().transcribe(source, { language: 'en-US', sampleRate: RATE, signal });
    const iterator = events[Symbol.asyncIterator]();
    const next = iterator.next();
    await expect.poll(() => server.openSessions(), POLL).toBe(1);
    await iterator.return?.();
    expect((await next).done).toBe(true);
    await expectNothingLeft(source);
  });
});

describe('the engine', () => {
  test('says what it does not take', () => {
    const { refuses } = engineFor();
    expect(refuses({ language: 'en-US', sampleRate: RATE })).toBeNull();
    expect(refuses({ language: 'auto', sampleRate: 48_000 })).toBeNull();
    expect(refuses({ language: 'tlh', sampleRate: RATE })).toContain('tlh');
    expect(refuses({ language: 'ko-KR', sampleRate: 4_000 })).toContain('4000');
  });

  test.each([
    [0, 0],
    [0.1, 15],
    [15, 15],
    [61.2, 62],
  ])('%d seconds of audio are charged as %d', (audio, billed) => {
    expect(engineFor().billedSeconds(audio)).toBe(billed);
  });
});
