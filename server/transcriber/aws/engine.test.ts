import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { chunked } from '../testing/audio.ts';
import { AudioSource } from '../testing/audioSource.ts';
import { awsScene, hear, POLL, RATE, singing, WORDS } from '../testing/transcribe/awsScene.ts';
import { singUtterance } from '../testing/transcribe/toneRecognizer.ts';
import { TEST_CREDENTIALS } from '../testing/transcribe/transcribeServer.ts';

const scene = awsScene();
afterEach(() => vi.unstubAllEnvs());

describe('what is heard', () => {
  test('follows from every single chunk: none is lost, doubled or moved', async () => {
    const words = Array.from({ length: 60 }, (_, i) => WORDS.split(' ')[(i * i) % 4]).join(' ');
    const finals = (await hear(scene.engine(), singing(words))).filter(({ type }) => type === 'final');
    expect(finals.map(({ text }) => text)).toEqual([`${words}.`]);
    expect(scene.server.streams.at(-1)?.audioEnded).toBe(true);
  });

  test('comes as partials whose last word is not stable, then as a final with words and confidence', async () => {
    const events = await hear(scene.engine(), singing());
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

  test('goes to the endpoint and with the keys of the SDK’s own variables', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING', scene.server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', TEST_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', TEST_CREDENTIALS.secretAccessKey);
    const engine = scene.engine({ endpoint: undefined, credentials: undefined });
    expect((await hear(engine, singing())).at(-1)?.text).toBe(`${WORDS}.`);
  });
});

describe('signatures', () => {
  const wrong = {
    'a wrong secret': { ...TEST_CREDENTIALS, secretAccessKey: 'not the secret' },
    'an unknown key': { ...TEST_CREDENTIALS, accessKeyId: 'AKIDUNKNOWN' },
  };
  test.each(Object.entries(wrong))('%s is refused, and told as “credentials”', async (_, credentials) => {
    const before = scene.server.streams.length;
    const source = singing(WORDS, { hangs: true });
    await expect(hear(scene.engine({ credentials }), source)).rejects.toMatchObject({
      reason: 'credentials',
      retryable: false,
    });
    await scene.nothingLeft(source);
    expect(scene.server.streams.slice(before).flatMap(({ words }) => words)).toEqual([]);
  });
});

describe('audio', () => {
  const [first, ...rest] = chunked(singUtterance(WORDS, RATE), 100, RATE) as [Uint8Array, ...Uint8Array[]];

  test('may hold empty chunks anywhere: they do not end the stream', async () => {
    const nothing = new Uint8Array(0);
    const source = new AudioSource([nothing, first, nothing, nothing, ...rest, nothing]);
    expect((await hear(scene.engine(), source)).at(-1)?.text).toBe(`${WORDS}.`);
  });

  test('may pause for longer than a dead connection would be borne', async () => {
    const paused = async function* () {
      yield first;
      await pause(600);
      yield* rest;
    };
    const engine = scene.engine({ pingMs: 100, patienceMs: 300 });
    expect((await hear(engine, paused())).at(-1)?.text).toBe(`${WORDS}.`);
  });

  test('may begin as late as it likes', async () => {
    const late = async function* () {
      await pause(600);
      yield first;
      yield* rest;
    };
    const engine = scene.engine({ pingMs: 100, patienceMs: 300 });
    expect((await hear(engine, late())).at(-1)?.text).toBe(`${WORDS}.`);
  });

  test('that fails is thrown on as it is', async () => {
    const broken = new Error('the microphone broke');
    const audio = (async function* () {
      yield first;
      throw broken;
    })();
    await expect(hear(scene.engine(), audio)).rejects.toBe(broken);
    await expect.poll(() => scene.server.openSessions(), POLL).toBe(0);
  });
});

test('events may be taken as slowly as one likes, also after the end of the audio', async () => {
  const { signal } = new AbortController();
  const engine = scene.engine({ patienceMs: 300 });
  const texts: string[] = [];
  for await (const { text } of engine.transcribe(singing(), {
    language: 'en-US',
    sampleRate: RATE,
    signal,
  })) {
    texts.push(text);
    if (texts.length === 1) await pause(600);
  }
  expect(texts.at(-1)).toBe(`${WORDS}.`);
});

test.each([
  [0, 0],
  [0.1, 15],
  [15, 15],
  [61.2, 62],
])('%d seconds of audio are charged as %d', (audio, billed) => {
  expect(scene.engine().billedSeconds(audio)).toBe(billed);
});
