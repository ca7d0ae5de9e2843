import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { chunked } from '../testing/audio.ts';
import { AudioSource } from '../testing/audioSource.ts';
import { awsScene, POLL, RATE, recognize, SENTENCE, speechSource } from '../testing/transcribe/awsScene.ts';
import { synthesizeUtterance } from '../testing/transcribe/toneRecognizer.ts';
import { TEST_CREDENTIALS } from '../testing/transcribe/transcribeServer.ts';

const scene = awsScene();
afterEach(() => vi.unstubAllEnvs());

/** With these the engine gives a silent service up soon. */
const SHORT_TIMEOUTS = { pingMs: 100, answerTimeoutMs: 300 };
/** A pause of a speaker or a reader that is longer than the timeouts: the input of the tests that use it. */
const LONG_PAUSE_MS = 2 * SHORT_TIMEOUTS.answerTimeoutMs;

describe('recognition', () => {
  test('uses every chunk once and in order', async () => {
    const words = Array.from({ length: 60 }, (_, i) => SENTENCE.split(' ')[(i * i) % 4]).join(' ');
    const events = await recognize(scene.engine(), speechSource(words));
    const finals = events.filter(({ type }) => type === 'final');
    expect(finals.map(({ text }) => text)).toEqual([`${words}.`]);
    expect(scene.server.streams.at(-1)?.audioEnded).toBe(true);
  });

  test('gives partials whose last word is not stable, then a final with words and confidence', async () => {
    const events = await recognize(scene.engine(), speechSource());
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
    expect(final?.words.map(({ text }) => text)).toEqual(SENTENCE.split(' '));
    expect(final?.words[3]).toEqual({ text: 'meters', start: 0.3, end: 0.4, confidence: 0.9 });
  });

  test('uses the endpoint and the keys of the SDK’s own variables', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING', scene.server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', TEST_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', TEST_CREDENTIALS.secretAccessKey);
    const engine = scene.engine({ endpoint: undefined, credentials: undefined });
    expect((await recognize(engine, speechSource())).at(-1)?.text).toBe(`${SENTENCE}.`);
  });
});

describe('signatures', () => {
  const wrong = {
    'a wrong secret': { ...TEST_CREDENTIALS, secretAccessKey: 'not the secret' },
    'an unknown key': { ...TEST_CREDENTIALS, accessKeyId: 'AKIDUNKNOWN' },
  };
  test.each(Object.entries(wrong))('%s fails with the reason “credentials”', async (_, credentials) => {
    const before = scene.server.streams.length;
    const source = speechSource(SENTENCE, { hangs: true });
    await expect(recognize(scene.engine({ credentials }), source)).rejects.toMatchObject({
      reason: 'credentials',
      retryable: false,
    });
    await scene.expectFreed(source);
    expect(scene.server.streams.slice(before).flatMap(({ words }) => words)).toEqual([]);
  });
});

describe('audio', () => {
  const [first, ...rest] = chunked(synthesizeUtterance(SENTENCE, RATE), 100, RATE) as [
    Uint8Array,
    ...Uint8Array[],
  ];

  test('may contain empty chunks anywhere: they do not end the stream', async () => {
    const empty = new Uint8Array(0);
    const source = new AudioSource([empty, first, empty, empty, ...rest, empty]);
    expect((await recognize(scene.engine(), source)).at(-1)?.text).toBe(`${SENTENCE}.`);
  });

  test('may pause for longer than the timeouts', async () => {
    const paused = async function* () {
      yield first;
      await sleep(LONG_PAUSE_MS);
      yield* rest;
    };
    expect((await recognize(scene.engine(SHORT_TIMEOUTS), paused())).at(-1)?.text).toBe(`${SENTENCE}.`);
  });

  test('may begin later than the timeouts', async () => {
    const late = async function* () {
      await sleep(LONG_PAUSE_MS);
      yield first;
      yield* rest;
    };
    expect((await recognize(scene.engine(SHORT_TIMEOUTS), late())).at(-1)?.text).toBe(`${SENTENCE}.`);
  });

  test('that throws ends the events with the same error', async () => {
    const broken = new Error('the microphone broke');
    const audio = (async function* () {
      yield first;
      throw broken;
    })();
    await expect(recognize(scene.engine(), audio)).rejects.toBe(broken);
    await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
  });
});

test('a slow consumer gets all events, even when the audio ends while it pauses', async () => {
  const { signal } = new AbortController();
  const { answerTimeoutMs } = SHORT_TIMEOUTS;
  const engine = scene.engine({ answerTimeoutMs });
  const texts: string[] = [];
  for await (const { text } of engine.transcribe(speechSource(), {
    language: 'en-US',
    sampleRate: RATE,
    signal,
  })) {
    texts.push(text);
    if (texts.length > 1) continue;
    await expect.poll(() => scene.server.streams.at(-1)?.audioEnded, POLL).toBe(true);
    await sleep(LONG_PAUSE_MS);
  }
  expect(texts.at(-1)).toBe(`${SENTENCE}.`);
});

test.each([
  [0, 0],
  [0.1, 15],
  [15, 15],
  [61.2, 62],
])('%d seconds of audio are charged as %d', (audio, billed) => {
  expect(scene.engine().billedSeconds(audio)).toBe(billed);
});
