import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import { chunked, silence } from '../testing/audio.ts';
import { AudioSource } from '../testing/audioSource.ts';
import { engineFault as fault, finalsOf } from '../testing/engineEvents.ts';
import {
  childPids,
  chunksOf,
  close,
  createEngine,
  POLL,
  RATE,
  speechChunks,
  textsOf,
  transcribe,
} from '../testing/sherpaScene.ts';
import { synthesizeTokens, TONE_DIRECTORY } from '../testing/toneModel.ts';
import { describeTranscriber } from '../testing/transcriberContract.ts';
import type { SpeechEngine } from '../transcriber.ts';
import type { SherpaOptions } from './engine.ts';

const recording = (tokens: string, words: string, { sampleRate = RATE, language = 'en-US' } = {}) => ({
  pcm: synthesizeTokens(tokens, sampleRate),
  sampleRate,
  language,
  words: words.split(' '),
});

describeTranscriber('sherpa-onnx', async () => ({
  // The engine stops an unused process at once, so the contract can check that none is left.
  engine: createEngine({ idleMs: 0 }),
  recordings: [
    recording('hello s world', 'hellos world'),
    recording('one two three', 'one two three', { sampleRate: 8_000 }),
    recording('one two three s', 'one two threes', { sampleRate: 44_100 }),
    recording('안녕 하세요', '안녕 하세요', { language: 'ko-KR', sampleRate: 48_000 }),
    recording('안녕 one', '안녕 one', { language: 'auto' }),
  ],
  recordingAt: (sampleRate) => recording('one two three', 'one two three', { sampleRate }),
  openStreams: () => childPids().length,
}));

let engine: SpeechEngine;
beforeEach(() => {
  engine = createEngine();
});
afterEach(() => close(engine));

describe('recognition', () => {
  test('emits word by word, and only the last word may still grow', async () => {
    const events = await Array.fromAsync(transcribe(engine, new AudioSource(speechChunks('hello s world'))));
    const seen = events.map(({ type, text, stableChars }) => [type, text.slice(0, stableChars), text]);
    expect(seen).toEqual([
      ['partial', '', 'hello'],
      ['partial', '', 'hellos'],
      ['partial', 'hellos ', 'hellos world'],
      ['final', 'hellos world', 'hellos world'],
    ]);
  });

  test('counts times from the first sample of the stream, in every utterance', async () => {
    const once = Buffer.concat([synthesizeTokens('one two', RATE), silence(1.7, RATE)]);
    const audio = new AudioSource(chunksOf(Buffer.concat([once, once, once])));
    const finals = await finalsOf(transcribe(engine, audio));
    expect(finals).toHaveLength(3);
    const seconds = once.length / 2 / RATE;
    for (const [i, { words }] of finals.entries()) {
      expect(words[0]?.start).toBeCloseTo(0.5 + i * seconds, 0.5);
      expect(words[1]?.start).toBeCloseTo(0.8 + i * seconds, 0.5);
    }
  });

  test('names the language, even with “auto”', async () => {
    const languages = async (tokens: string, language: string) =>
      (await finalsOf(transcribe(engine, new AudioSource(speechChunks(tokens)), language))).map(
        (final) => final.language,
      );
    expect(await languages('안녕', 'auto')).toEqual(['ko-KR']);
    expect(await languages('hello', 'auto')).toEqual(['en-US']);
    expect(await languages('안녕', 'ko')).toEqual(['ko-KR']);
    expect(await languages('one', 'ko-KR')).toEqual(['ko-KR']);
  });

  test('takes “auto” for the only language that the room has chosen', async () => {
    const settings = { ...DEFAULT_SPEECH_SETTINGS, languages: ['ko-KR'] };
    const { signal } = new AbortController();
    const audio = new AudioSource(speechChunks('one'));
    const finals = await finalsOf(
      engine.transcribe(audio, { language: 'auto', sampleRate: RATE, settings, signal }),
    );
    expect(finals.map(({ language }) => language)).toEqual(['ko-KR']);
  });

  test('cuts speech that never pauses into finals', async () => {
    const speech = synthesizeTokens('one two three', RATE).subarray(RATE, 2.4 * RATE);
    const endless = Buffer.concat(Array.from({ length: 45 }, () => speech));
    const finals = await finalsOf(transcribe(engine, new AudioSource(chunksOf(endless))));
    expect(finals.length).toBeGreaterThan(1);
  });

  test('does not depend on the length of the chunks', async () => {
    const pcm = synthesizeTokens('one two three', RATE);
    for (const chunkMs of [20, 1_000]) {
      const finals = await finalsOf(transcribe(engine, new AudioSource(chunked(pcm, chunkMs, RATE))));
      expect(textsOf(finals)).toEqual(['one two three']);
    }
  });
});

describe('audio of another sample rate', () => {
  const finalsAt = (sampleRate: number, chunks: Uint8Array[]) =>
    finalsOf(
      engine.transcribe(new AudioSource(chunks), {
        language: 'en-US',
        sampleRate,
        signal: new AbortController().signal,
      }),
    );

  test.each([8_000, 9_999, 44_100])(
    'at %i Hz, neither an abrupt end nor the cuts between chunks lose a word',
    async (rate) => {
      const abrupt = synthesizeTokens('one two three', rate).subarray(0, -2 * rate);
      const uneven = [abrupt.subarray(0, 2), abrupt.subarray(2, 4), abrupt.subarray(4, 1_004)];
      const finals = await finalsAt(rate, [...uneven, ...chunked(abrupt.subarray(1_004), 33, rate)]);
      expect(finals).toEqual(await finalsAt(rate, chunked(abrupt, 1_000, rate)));
      expect(textsOf(finals)).toEqual(['one two three']);
      for (const [i, { start }] of (finals[0]?.words ?? []).entries()) {
        expect(Math.abs(start - (0.5 + 0.3 * i))).toBeLessThan(0.05);
      }
    },
  );

  test('does not turn a tone that 16 kHz cannot carry into a word, however loud it is', async () => {
    const [rate, s] = [22_050, 5_438];
    const samples = (hertz: number) =>
      Int16Array.from({ length: 2 * rate }, (_, i) =>
        Math.round(32_000 * Math.sin((2 * Math.PI * hertz * i) / rate)),
      );
    const heard = async (hertz: number) =>
      textsOf(await finalsAt(rate, chunked(new Uint8Array(samples(hertz).buffer), 100, rate)));
    expect(await heard(s)).toEqual(['s']);
    expect(await heard(RATE - s)).toEqual([]);
  });
});

describe('a failure to load is not retryable:', () => {
  let directory: string;
  const model = () => join(directory, 'tone.onnx');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'roomscribe-model-'));
    for (const file of ['tone.onnx', 'tokens.txt'])
      copyFileSync(join(TONE_DIRECTORY, file), join(directory, file));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const expectRefused = async (message: RegExp, options: Partial<SherpaOptions> = {}) => {
    const unloadable = createEngine({ directory, ...options });
    const events = Array.fromAsync(transcribe(unloadable, new AudioSource(speechChunks('one'))));
    await expect(events).rejects.toMatchObject(fault(false, message));
    // The process was killed; the system needs a moment to end it.
    await expect.poll(childPids, POLL).toEqual([]);
  };

  test('a model with wrong bytes, which crashes the process', async () => {
    writeFileSync(model(), readFileSync(model()).fill(7, 100, 3_000));
    await expectRefused(/damaged; npm run speech/);
  });

  test('half a model', async () => {
    writeFileSync(model(), readFileSync(model()).subarray(0, 5_000));
    await expectRefused(/damaged; npm run speech/);
  });

  test('tokens of another model', async () => {
    writeFileSync(join(directory, 'tokens.txt'), 'hello 0\n');
    await expectRefused(/damaged; npm run speech/);
  });

  test('a missing file', async () => {
    rmSync(model());
    await expectRefused(/a file of its model is missing \(tone\.onnx\)/);
  });

  test('a model that needs more memory than the limit', async () => {
    await expectRefused(/more memory/, { memoryLimitBytes: 1_024 ** 2 });
  });
});

test('an error of the audio source ends the events with the same error', async () => {
  const audio = async function* () {
    yield* speechChunks('one');
    throw new Error('the microphone broke');
  };
  await expect(Array.fromAsync(transcribe(engine, audio()))).rejects.toThrow('the microphone broke');
});

test('the engine refuses other languages and sample rates in plain words', () => {
  const refused = (language: string, sampleRate = RATE) => engine.refuses({ language, sampleRate });
  expect(refused('de-DE')).toMatch(/ko-KR and en-US here, not de-DE/);
  expect(refused('en-US', 7_999)).toMatch(/8000 to 48000 .*not 7999/);
  expect(refused('en-US', 96_000)).toMatch(/8000 to 48000 .*not 96000/);
  for (const language of ['ko-KR', 'ko', 'en-US', 'en', 'auto']) {
    for (const rate of [8_000, 44_100, 48_000]) expect(refused(language, rate)).toBeNull();
  }
});
