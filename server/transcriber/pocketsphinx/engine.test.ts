import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chunked, readWav, silence } from '../testing/audio.ts';
import { AudioSource } from '../testing/audioSource.ts';
import { childrenRunning } from '../testing/childrenRunning.ts';
import { engineFault as fault, finalsOf } from '../testing/engineEvents.ts';
import { describeTranscriber } from '../testing/transcriberContract.ts';
import type { SpeechEngine } from '../transcriber.ts';
import { createPocketsphinxEngine, findPocketsphinx } from './engine.ts';

const RATE = 16_000;
const POLL = { interval: 10, timeout: 10_000 };
const ALSA = '/usr/share/sounds/alsa';
const childPids = () => childrenRunning('pocketsphinx/child');
const SHARED = join(import.meta.dirname, '../../../../shared/audio');

/** The recording with half a second of silence around it. */
const padded = (path: string, sampleRate = RATE): Uint8Array =>
  Buffer.concat([silence(0.5, sampleRate), readWav(path, sampleRate).pcm, silence(0.5, sampleRate)]);
const recording = (path: string, words: string, sampleRate = RATE) => ({
  pcm: padded(path, sampleRate),
  sampleRate,
  language: 'en-US',
  words: words.split(' '),
});

describeTranscriber('PocketSphinx', async () => ({
  engine: createPocketsphinxEngine(),
  recordings: [
    recording(join(ALSA, 'Front_Right.wav'), 'front right'),
    ...['Front', 'Rear'].map((where) => recording(join(ALSA, `${where}_Center.wav`), 'center')),
    ...['Front', 'Rear', 'Side'].map((where) => recording(join(ALSA, `${where}_Left.wav`), 'left')),
    ...['Rear', 'Side'].map((where) => recording(join(ALSA, `${where}_Right.wav`), 'right')),
  ],
  // The file has 48 kHz, so the engine hears it there as it was recorded.
  recordingAt: (sampleRate) => recording(join(ALSA, 'Rear_Right.wav'), 'right', sampleRate),
  openStreams: () => childPids().length,
}));

let engine: SpeechEngine;
beforeEach(() => {
  engine = createPocketsphinxEngine();
});
afterEach(async () => {
  await engine.close();
  await expect.poll(childPids, POLL).toEqual([]);
});

const transcribe = (source: AudioSource, by: SpeechEngine = engine) =>
  by.transcribe(source, { language: 'en-US', sampleRate: RATE, signal: new AbortController().signal });
const chunksOf = (pcm: Uint8Array) => chunked(pcm, 100, RATE);
const frontRight = () => chunksOf(padded(join(ALSA, 'Front_Right.wav')));

test('recognises real speech: “go forward ten meters”', async () => {
  const path = join(SHARED, 'en-goforward.wav');
  if (!existsSync(path)) {
    console.info('Skipped: the recording “go forward ten meters” is not on this machine.');
    return;
  }
  const finals = await finalsOf(transcribe(new AudioSource(chunksOf(padded(path)))));
  expect(finals.map(({ text }) => text).join(' ')).toMatch(/^go forward ten\b/);
});

test('counts times from the first sample of the stream, in every utterance', async () => {
  const once = Buffer.concat([padded(join(ALSA, 'Front_Right.wav')), silence(1, RATE)]);
  const seconds = once.length / 2 / RATE;
  const finals = await finalsOf(transcribe(new AudioSource(chunksOf(Buffer.concat([once, once, once])))));
  expect(finals).toHaveLength(3);
  for (const [i, { words }] of finals.entries()) {
    expect(words[0]?.start).toBeCloseTo((finals[0]?.words[0]?.start ?? 0) + i * seconds, 0);
    expect(words.every(({ confidence }) => confidence !== null && confidence > 0)).toBe(true);
  }
});

test('cuts speech that never pauses into finals', { timeout: 90_000 }, async () => {
  const speech = readWav(join(ALSA, 'Front_Center.wav')).pcm.subarray(0, 2 * RATE);
  const endless = Buffer.concat(Array.from({ length: 35 }, () => speech));
  expect((await finalsOf(transcribe(new AudioSource(chunksOf(endless))))).length).toBeGreaterThan(1);
});

test('recognises chunks of a second as well as short ones', async () => {
  const pcm = padded(join(ALSA, 'Front_Right.wav'));
  const whole = await finalsOf(transcribe(new AudioSource(chunked(pcm, 1_000, RATE))));
  expect(whole.map(({ text }) => text)).toEqual(['front right']);
});

describe('a fault of the process becomes a typed error:', () => {
  test('it is killed while it works', async () => {
    const source = new AudioSource(frontRight(), { hangs: true });
    const events = transcribe(source)[Symbol.asyncIterator]();
    expect((await events.next()).done).toBe(false);
    const [pid = 0] = childPids();
    process.kill(pid, 'SIGKILL');
    const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => events });
    await expect(rest).rejects.toMatchObject(fault(true, /SIGKILL/));
    await expect.poll(() => source.returned, POLL).toBe(true);
  });

  test('it is killed while it loads: the first time it starts again, the second time the stream fails', async () => {
    const events = Array.fromAsync(transcribe(new AudioSource([], { hangs: true })));
    const [first = 0] = childPids();
    process.kill(first, 'SIGKILL');
    await expect.poll(() => childPids().some((pid) => pid !== first), POLL).toBe(true);
    for (const pid of childPids()) process.kill(pid, 'SIGKILL');
    await expect(events).rejects.toMatchObject(fault(false, /cannot be loaded/));
  });

  test('it starts too slowly', async () => {
    const shortTimeout = createPocketsphinxEngine({ answerTimeoutMs: 1 });
    const events = Array.fromAsync(transcribe(new AudioSource([], { hangs: true }), shortTimeout));
    await expect(events).rejects.toMatchObject(fault(true, /does not answer/));
  });

  test('it freezes', async () => {
    const shortTimeout = createPocketsphinxEngine({ answerTimeoutMs: 3_000 });
    const events = Array.fromAsync(transcribe(new AudioSource(frontRight(), { hangs: true }), shortTimeout));
    const [pid = 0] = childPids();
    process.kill(pid, 'SIGSTOP');
    await expect(events).rejects.toMatchObject(fault(true, /does not answer/));
  });

  test('it cannot load the model, which is not retryable', async () => {
    const broken = createPocketsphinxEngine({ modelDirectory: join(ALSA, 'nothing') });
    const events = Array.fromAsync(transcribe(new AudioSource(frontRight()), broken));
    await expect(events).rejects.toMatchObject(fault(false, /model .* cannot be loaded/));
  });
});

test('an error of the audio source ends the events with the same error, and ends the process', async () => {
  const audio = async function* () {
    yield* frontRight();
    throw new Error('the microphone broke');
  };
  const events = engine.transcribe(audio(), {
    language: 'en-US',
    sampleRate: RATE,
    signal: new AbortController().signal,
  });
  await expect(Array.fromAsync(events)).rejects.toThrow('the microphone broke');
});

test('an abort ends a process that is still loading', async () => {
  const abort = new AbortController();
  const options = { language: 'en-US', sampleRate: RATE, signal: abort.signal };
  const events = Array.fromAsync(engine.transcribe(new AudioSource(frontRight(), { hangs: true }), options));
  expect(childPids()).toHaveLength(1);
  abort.abort();
  expect(await events).toEqual([]);
});

test('closing the engine ends its streams', async () => {
  const events = Array.fromAsync(transcribe(new AudioSource(frontRight(), { hangs: true })));
  await engine.close();
  expect(await events).toEqual([]);
});

test('the engine refuses other languages in plain words, and no sample rate of the contract', () => {
  const refused = (language: string, sampleRate = RATE) => engine.refuses({ language, sampleRate });
  expect(refused('ko-KR')).toMatch(/en-US .*not ko-KR/);
  expect(refused('en-US', 96_000)).toMatch(/8000 to 48000 .*not 96000/);
  for (const rate of [8_000, 9_999, 44_100, 48_000]) expect(refused('en-US', rate)).toBeNull();
  for (const language of ['en-US', 'en', 'auto']) expect(refused(language)).toBeNull();
});

test('findPocketsphinx finds the installed files, or names the missing ones', () => {
  expect(findPocketsphinx()).toEqual({ ok: true });
  const nowhere = join(ALSA, 'nothing');
  expect(findPocketsphinx(nowhere)).toMatchObject({ ok: false, reason: expect.stringContaining(nowhere) });
  expect(findPocketsphinx(undefined, [nowhere])).toMatchObject({
    ok: false,
    reason: expect.stringContaining('libpocketsphinx.so.3'),
  });
});
