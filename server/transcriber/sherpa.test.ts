import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../contract/speechSettings.ts';
import { describeTranscriber } from './contract.ts';
import { createSherpaEngine, type SherpaOptions } from './sherpa.ts';
import { chunked, silence } from './testing/audio.ts';
import { AudioSource } from './testing/audioSource.ts';
import { childrenRunning } from './testing/childrenRunning.ts';
import { engineFault as fault, finalsOf } from './testing/engineEvents.ts';
import { singTokens, TONE_DIRECTORY, TONE_MODEL } from './testing/toneModel.ts';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from './transcriber.ts';

const RATE = 16_000;
const POLL = { interval: 10, timeout: 10_000 };
const childPids = () => childrenRunning('sherpaChild');

const createEngine = (options: Partial<SherpaOptions> = {}) =>
  createSherpaEngine({ model: TONE_MODEL, directory: TONE_DIRECTORY, ...options });

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
afterEach(async () => {
  await engine.close();
  await expect.poll(childPids, POLL).toEqual([]);
});

const transcribe = (audio: AsyncIterable<AudioChunk>, language = 'en-US', by = engine) =>
  by.transcribe(audio, { language, sampleRate: RATE, signal: new AbortController().signal });
const chunksOf = (pcm: Uint8Array) => chunked(pcm, 100, RATE);
const singing = (tokens: string) => chunksOf(singTokens(tokens, RATE));
const textsOf = (finals: TranscriptEvent[]) => finals.map(({ text }) => text);

describe('what is heard', () => {
  test('comes word by word; only the last word may still grow', async () => {
    const events = await Array.fromAsync(transcribe(new AudioSource(singing('hello s world'))));
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
    const finals = await finalsOf(transcribe(audio));
    expect(finals).toHaveLength(3);
    const seconds = once.length / 2 / RATE;
    for (const [i, { words }] of finals.entries()) {
      expect(words[0]?.start).toBeCloseTo(0.5 + i * seconds, 0.5);
      expect(words[1]?.start).toBeCloseTo(0.8 + i * seconds, 0.5);
    }
  });

  test('names its language, also where the engine had to find out', async () => {
    const languages = async (tokens: string, language: string) =>
      (await finalsOf(transcribe(new AudioSource(singing(tokens)), language))).map((final) => final.language);
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
    expect((await finalsOf(transcribe(new AudioSource(chunksOf(breathless))))).length).toBeGreaterThan(1);
  });

  test('does not depend on how the audio is cut', async () => {
    const pcm = singTokens('one two three', RATE);
    for (const chunkMs of [20, 1_000]) {
      const finals = await finalsOf(transcribe(new AudioSource(chunked(pcm, chunkMs, RATE))));
      expect(textsOf(finals)).toEqual(['one two three']);
    }
  });
});

describe('all streams share one process', () => {
  test('and do not disturb each other, whether they end, leave or go on', async () => {
    const leaving = transcribe(new AudioSource(singing('hello world'), { hangs: true }))[
      Symbol.asyncIterator
    ]();
    const others = ['one two', '안녕 하세요', 'three two one', 'world', 'hello s'].map(async (tokens) =>
      textsOf(await finalsOf(transcribe(new AudioSource(singing(tokens))))),
    );
    await leaving.next();
    expect(childPids()).toHaveLength(1);
    await leaving.return?.();
    expect(await Promise.all(others)).toEqual([
      ['one two'],
      ['안녕 하세요'],
      ['three two one'],
      ['world'],
      ['hellos'],
    ]);
  });

  test('which stays for the next one', async () => {
    await finalsOf(transcribe(new AudioSource(singing('one'))));
    const [pid] = childPids();
    await finalsOf(transcribe(new AudioSource(singing('two'))));
    expect(childPids()).toEqual([pid]);
  });

  test('and is let go when nobody has spoken for a while', async () => {
    const restless = createEngine({ idleMs: 50 });
    await finalsOf(transcribe(new AudioSource(singing('one')), 'en-US', restless));
    await expect.poll(childPids, POLL).toEqual([]);
    expect(textsOf(await finalsOf(transcribe(new AudioSource(singing('two')), 'en-US', restless)))).toEqual([
      'two',
    ]);
    await restless.close();
  });

  test('of which fifty streams, five at a time, leave none', async () => {
    const brief = createEngine({ idleMs: 0 });
    const leaveEarly = async () => {
      const source = new AudioSource(singing('one'), { hangs: true });
      for await (const _ of transcribe(source, 'en-US', brief)) break;
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 5 }, leaveEarly));
    await expect.poll(childPids, POLL).toEqual([]);
  });
});

describe('a fault of the process costs its streams a restart', () => {
  const hearing = async (by = engine) => {
    const source = new AudioSource(singing('one two'), { hangs: true });
    const events = transcribe(source, 'en-US', by)[Symbol.asyncIterator]();
    await events.next();
    return { source, rest: Array.fromAsync({ [Symbol.asyncIterator]: () => events }) };
  };
  const expectHears = async (by = engine) =>
    expect(textsOf(await finalsOf(transcribe(new AudioSource(singing('three')), 'en-US', by)))).toEqual([
      'three',
    ]);

  test('when it is killed', async () => {
    const both = [await hearing(), await hearing()];
    signalAll('SIGKILL');
    for (const { source, rest } of both) {
      await expect(rest).rejects.toMatchObject(fault(true, /SIGKILL/));
      await expect.poll(() => source.returned, POLL).toBe(true);
    }
    await expectHears();
  });

  test('when it freezes', async () => {
    const impatient = createEngine({ answerLimitMs: 1_000 });
    const { rest } = await hearing(impatient);
    signalAll('SIGSTOP');
    const more = Array.fromAsync(transcribe(new AudioSource(singing('one')), 'en-US', impatient));
    await expect(more).rejects.toMatchObject(fault(true, /does not answer/));
    await expect(rest).rejects.toMatchObject(fault(true, /does not answer/));
    await expectHears(impatient);
    await impatient.close();
  });

  test('when it grows too big', async () => {
    const [probe] = [await hearing()];
    const [pid = 0] = childPids();
    const atRest = residentBytes(pid);
    await engine.close();
    await probe.rest;
    const tight = createEngine({ memoryLimitBytes: atRest + 3 * 1_024 ** 2 });
    const hungry = Array.from({ length: 60 }, () =>
      Array.fromAsync(transcribe(new AudioSource(singing('one two three two one')), 'en-US', tight)),
    );
    const ends = await Promise.allSettled(hungry);
    for (const end of ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: fault(true, /more memory/) });
    }
    await tight.close();
  });

  test('when it is killed while it loads, of which the streams notice nothing', async () => {
    const finals = finalsOf(transcribe(new AudioSource(singing('one'))));
    signalAll('SIGKILL');
    expect(textsOf(await finals)).toEqual(['one']);
  });

  test('when it loads too slowly', async () => {
    const hasty = createEngine({ startLimitMs: 1 });
    const events = Array.fromAsync(transcribe(new AudioSource(singing('one')), 'en-US', hasty));
    await expect(events).rejects.toMatchObject(fault(true, /does not answer/));
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
    const events = Array.fromAsync(transcribe(new AudioSource(singing('one')), 'en-US', refusing));
    await expect(events).rejects.toMatchObject(fault(false, message));
    expect(childPids()).toEqual([]);
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
  await expect(Array.fromAsync(transcribe(audio()))).rejects.toThrow('fell into the sea');
});

test('closing the engine ends its streams and its process', async () => {
  const events = Array.fromAsync(transcribe(new AudioSource(singing('one'), { hangs: true })));
  await engine.close();
  expect(await events).toEqual([]);
  await expect.poll(childPids, POLL).toEqual([]);
});

test('the death of the server ends its process', async () => {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'testing/hearForever.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(server.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString().split(/\s/)[0]);
  expect(isAlive(pid)).toBe(true);
  server.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), POLL).toBe(false);
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function signalAll(signal: NodeJS.Signals): void {
  for (const pid of childPids()) process.kill(pid, signal);
}

function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1_024;
}
