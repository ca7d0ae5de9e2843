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
  singing,
  textsOf,
  transcribe,
} from '../testing/sherpaScene.ts';
import { singTokens, TONE_DIRECTORY } from '../testing/toneModel.ts';
import { describeTranscriber } from '../testing/transcriberContract.ts';
import type { SpeechEngine } from '../transcriber.ts';
import type { SherpaOptions } from './engine.ts';

const sung = (tokens: string, words: string, { sampleRate = RATE, language = 'en-US' } = {}) => ({
  pcm: singTokens(tokens, sampleRate),
  sampleRate,
  language,
  words: words.split(' '),
});

describeTranscriber('sherpa-onnx', async () => ({
  // A process that nobody uses is let go at once, so that none may be left.
  engine: createEngine({ idleMs: 0 }),
  recordings: [
    sung('hello s world', 'hellos world'),
    sung('one two three', 'one two three', { sampleRate: 8_000 }),
    sung('one two three s', 'one two threes', { sampleRate: 44_100 }),
    sung('안녕 하세요', '안녕 하세요', { language: 'ko-KR', sampleRate: 48_000 }),
    sung('안녕 one', '안녕 one', { language: 'auto' }),
  ],
  openStreams: () => childPids().length,
}));

let engine: SpeechEngine;
beforeEach(() => {
  engine = createEngine();
});
afterEach(() => close(engine));

describe('what is heard', () => {
  test('comes word by word; only the last word may still grow', async () => {
    const events = await Array.fromAsync(transcribe(engine, new AudioSource(singing('hello s world'))));
    const seen = events.map(({ type, text, stableChars }) => [type, text.slice(0, stableChars), text]);
    expect(seen).toEqual([
      ['partial', '', 'hello'],
      ['partial', '', 'hellos'],
      ['partial', 'hellos ', 'hellos world'],
      ['final', 'hellos world', 'hellos world'],
    ]);
  });

  test('has times from the first sample on, in every utterance', async () => {
    const once = Buffer.concat([singTokens('one two', RATE), silence(1.7, RATE)]);
    const audio = new AudioSource(chunksOf(Buffer.concat([once, once, once])));
    const finals = await finalsOf(transcribe(engine, audio));
    expect(finals).toHaveLength(3);
    const seconds = once.length / 2 / RATE;
    for (const [i, { words }] of finals.entries()) {
      expect(words[0]?.start).toBeCloseTo(0.5 + i * seconds, 0.5);
      expect(words[1]?.start).toBeCloseTo(0.8 + i * seconds, 0.5);
    }
  });

  test('names its language, also where the engine had to find out', async () => {
    const languages = async (tokens: string, language: string) =>
      (await finalsOf(transcribe(engine, new AudioSource(singing(tokens)), language))).map(
        (final) => final.language,
      );
    expect(await languages('안녕', 'auto')).toEqual(['ko-KR']);
    expect(await languages('hello', 'auto')).toEqual(['en-US']);
    expect(await languages('안녕', 'ko')).toEqual(['ko-KR']);
    expect(await languages('one', 'ko-KR')).toEqual(['ko-KR']);
  });

  test('is heard as the only language that the room has chosen', async () => {
    const settings = { ...DEFAULT_SPEECH_SETTINGS, languages: ['ko-KR'] };
    const { signal } = new AbortController();
    const audio = new AudioSource(singing('one'));
    const finals = await finalsOf(
      engine.transcribe(audio, { language: 'auto', sampleRate: RATE, settings, signal }),
    );
    expect(finals.map(({ language }) => language)).toEqual(['ko-KR']);
  });

  test('is cut into finals where speech never pauses', async () => {
    const breathless = Buffer.concat(
      Array.from({ length: 45 }, () => singTokens('one two three', RATE).subarray(RATE, 2.4 * RATE)),
    );
    expect(
      (await finalsOf(transcribe(engine, new AudioSource(chunksOf(breathless))))).length,
    ).toBeGreaterThan(1);
  });

  test('does not depend on how the audio is cut', async () => {
    const pcm = singTokens('one two three', RATE);
    for (const chunkMs of [20, 1_000]) {
      const finals = await finalsOf(transcribe(engine, new AudioSource(chunked(pcm, chunkMs, RATE))));
      expect(textsOf(finals)).toEqual(['one two three']);
    }
  });
});

describe('what cannot be loaded is not worth another try', () => {
  let directory: string;
  const model = () => join(directory, 'tone.onnx');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'roomscribe-model-'));
    for (const file of ['tone.onnx', 'tokens.txt'])
      copyFileSync(join(TONE_DIRECTORY, file), join(directory, file));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const expectRefused = async (message: RegExp, options: Partial<SherpaOptions> = {}) => {
    const refusing = createEngine({ directory, ...options });
    const events = Array.fromAsync(transcribe(refusing, new AudioSource(singing('one'))));
    await expect(events).rejects.toMatchObject(fault(false, message));
    // It was told to end; the system takes a moment.
    await expect.poll(childPids, POLL).toEqual([]);
  };

  test('a model with wrong bytes in it, which takes the process with it', async () => {
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

  test('a file that is missing', async () => {
    rmSync(model());
    await expectRefused(/a file of its model is missing \(tone\.onnx\)/);
  });

  test('a model that needs more memory than there may be', async () => {
    await expectRefused(/more memory/, { memoryLimitBytes: 1_024 ** 2 });
  });
});

test('what the audio throws comes out', async () => {
  const audio = async function* () {
    yield* singing('one');
    throw new Error('the microphone fell into the sea');
  };
  await expect(Array.fromAsync(transcribe(engine, audio()))).rejects.toThrow('fell into the sea');
});

test('it refuses other languages and rates in plain words', () => {
  const refused = (language: string, sampleRate = RATE) => engine.refuses({ language, sampleRate });
  expect(refused('de-DE')).toMatch(/ko-KR and en-US here, not de-DE/);
  expect(refused('en-US', 7_999)).toMatch(/8000 to 48000 .*not 7999/);
  expect(refused('en-US', 96_000)).toMatch(/8000 to 48000 .*not 96000/);
  for (const language of ['ko-KR', 'ko', 'en-US', 'en', 'auto']) {
    for (const rate of [8_000, 44_100, 48_000]) expect(refused(language, rate)).toBeNull();
  }
});
