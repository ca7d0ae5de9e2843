import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import { chunked, silence } from './audio.ts';
import { AudioSource } from './audioSource.ts';

type Recording = {
  pcm: Uint8Array;
  sampleRate: number;
  language: string;
  /** What must be heard, in this order, among what else may be heard. Case does not matter. */
  words: string[];
};

export type ContractSetup = {
  engine: SpeechEngine;
  /** One at least. */
  recordings: [Recording, ...Recording[]];
  /** How many streams (sockets, processes) are open at the moment, if that can be told. */
  openStreams?: () => number;
  /** Frees what the test itself holds, after `engine.close()`. */
  close?: () => Promise<void>;
};

const WAIT = { interval: 10, timeout: 10_000 };
/** Engines count in frames of 10 ms and may round up. */
const ROUNDING_SECONDS = 0.05;

/** The port's promises, kept by every adapter. */
export function describeTranscriber(name: string, setUp: () => Promise<ContractSetup>): void {
  describe(`${name} keeps the promises of a transcriber`, { timeout: 60_000 }, () => {
    let parts: ContractSetup;
    let first: Recording;

    beforeAll(async () => {
      parts = await setUp();
      first = parts.recordings[0];
    }, 60_000);
    afterAll(async () => {
      await parts.engine.close();
      await parts.close?.();
    });

    const transcribe = (
      recording: Recording,
      audio: AsyncIterable<AudioChunk>,
      signal = new AbortController().signal,
    ) => {
      const { language, sampleRate } = recording;
      return parts.engine.transcribe(audio, { language, sampleRate, signal });
    };
    const chunksOf = ({ pcm, sampleRate }: Recording) => chunked(pcm, parts.engine.chunkMs, sampleRate);
    const endless = (recording: Recording) =>
      new AudioSource([...chunksOf(recording), ...chunksOf(silent(recording, 3))], { hangs: true });
    const expectFreed = async (source: AudioSource) => {
      await expect.poll(() => source.returned, WAIT).toBe(true);
      await expect.poll(() => parts.openStreams?.() ?? 0, WAIT).toBe(0);
    };

    test('hears each recording: its words in order, each utterance with one final, nothing after it', async () => {
      for (const recording of parts.recordings) {
        const events = await collect(transcribe(recording, new AudioSource(chunksOf(recording))));
        expectHeard(events, recording);
      }
      await expect.poll(() => parts.openStreams?.() ?? 0, WAIT).toBe(0);
    });

    test('utterances of one stream follow each other in time and have ids of their own', async () => {
      const twice = join(first, silent(first, 2), first);
      const events = await collect(transcribe(twice, new AudioSource(chunksOf(twice))));
      expectHeard(events, { ...twice, words: [...first.words, ...first.words] });
      expect(new Set(events.map(({ utteranceId }) => utteranceId)).size).toBeGreaterThan(1);
    });

    test('silence and no audio at all make no event, and end', async () => {
      for (const nothing of [silent(first, 2), silent(first, 0)]) {
        expect(await collect(transcribe(nothing, new AudioSource(chunksOf(nothing))))).toEqual([]);
      }
    });

    test('audio that arrives after a pause is heard as if there had been none', async () => {
      const chunks = chunksOf(first);
      const middle = Math.floor(chunks.length / 2);
      const paused = async function* () {
        yield* chunks.slice(0, middle);
        await pause(300);
        yield* chunks.slice(middle);
      };
      expectHeard(await collect(transcribe(first, paused())), first);
    });

    test('two streams at once do not mix', async () => {
      const last = parts.recordings.at(-1) ?? first;
      const [one = [], other = []] = await Promise.all(
        [first, last].map((recording) =>
          collect(transcribe(recording, new AudioSource(chunksOf(recording)))),
        ),
      );
      expectHeard(one, first);
      expectHeard(other, last);
    });

    test('an abort in the middle ends the events quietly and lets the audio go', async () => {
      const source = endless(first);
      const abort = new AbortController();
      const events = transcribe(first, source, abort.signal)[Symbol.asyncIterator]();
      expect((await events.next()).done).toBe(false);
      abort.abort();
      while (!(await events.next()).done);
      await expectFreed(source);
    });

    test('an abort while nothing has been heard yet, or before the start, does the same', async () => {
      const waiting = new AudioSource([], { hangs: true });
      const abort = new AbortController();
      const events = collect(transcribe(first, waiting, abort.signal));
      await expect.poll(() => waiting.iterators, WAIT).toBe(1);
      abort.abort();
      expect(await events).toEqual([]);
      await expectFreed(waiting);

      expect(await collect(transcribe(first, endless(first), AbortSignal.abort()))).toEqual([]);
    });

    test('a consumer that leaves frees everything', async () => {
      const source = endless(first);
      for await (const event of transcribe(first, source)) {
        expect(event.text).not.toBe('');
        break;
      }
      await expectFreed(source);
    });
  });
}

function silent(like: Recording, seconds: number): Recording {
  return { ...like, pcm: silence(seconds, like.sampleRate), words: [] };
}

function join(...recordings: [Recording, ...Recording[]]): Recording {
  return { ...recordings[0], pcm: Buffer.concat(recordings.map(({ pcm }) => pcm)) };
}

async function collect(events: AsyncIterable<TranscriptEvent>): Promise<TranscriptEvent[]> {
  return Array.fromAsync(events);
}

function expectHeard(events: TranscriptEvent[], recording: Recording): void {
  const audioSeconds = recording.pcm.length / 2 / recording.sampleRate;
  for (const event of events) expectWellFormed(event, audioSeconds);
  for (const [id, own] of Map.groupBy(events, ({ utteranceId }) => utteranceId)) expectUtterance(id, own);
  const finals = events.filter(({ type }) => type === 'final');
  for (const [i, final] of finals.entries()) {
    expect(final.start).toBeGreaterThanOrEqual((finals[i - 1]?.end ?? 0) - ROUNDING_SECONDS);
  }
  expectWords(finals.map(({ text }) => text).join(' '), recording.words);
}

function expectWellFormed(event: TranscriptEvent, audioSeconds: number): void {
  const { text, start, end, stableChars, confidence, words } = event;
  expect(text).toMatch(/\S/);
  expect(event.language).toMatch(/^[a-z]{2,3}\b/);
  expect(stableChars).toBeGreaterThanOrEqual(0);
  expect(stableChars).toBeLessThanOrEqual(text.length);
  expect(end).toBeLessThanOrEqual(audioSeconds + ROUNDING_SECONDS);
  const times = [start, ...words.map((word) => word.start), end];
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(0);
  for (const word of words) {
    expect(word.end).toBeGreaterThanOrEqual(word.start);
    expect(word.end).toBeLessThanOrEqual(end + ROUNDING_SECONDS);
  }
  for (const sure of [confidence, ...words.map((word) => word.confidence)]) {
    expect(sure ?? 1).toBeGreaterThanOrEqual(0);
    expect(sure ?? 1).toBeLessThanOrEqual(1);
  }
}

/** One final, as the last event, wholly stable; what was called stable before stays as it was. */
function expectUtterance(id: string, events: TranscriptEvent[]): void {
  const types = events.map(({ type }) => type);
  expect(types, `types of the events of ${id}`).toEqual([...types.slice(0, -1).fill('partial'), 'final']);
  const final = events.at(-1);
  expect(final?.stableChars).toBe(final?.text.length);
  for (const [i, { text, stableChars }] of events.entries()) {
    for (const later of events.slice(i)) {
      expect(later.text.startsWith(text.slice(0, stableChars))).toBe(true);
    }
  }
}

function expectWords(text: string, wanted: string[]): void {
  const heard = text.toLowerCase().split(/[^\p{L}\p{N}']+/u);
  let at = 0;
  for (const word of wanted) {
    at = heard.indexOf(word.toLowerCase(), at) + 1;
    expect(at, `“${word}” in “${text}”`).toBeGreaterThan(0);
  }
}
