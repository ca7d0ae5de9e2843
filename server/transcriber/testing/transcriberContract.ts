import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AudioChunk, SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import { chunked, silence } from './audio.ts';
import { AudioSource } from './audioSource.ts';

type Recording = {
  pcm: Uint8Array;
  sampleRate: number;
  language: string;
  /** The words that must be recognised, in this order. Other words may stand between them. Case does not matter. */
  words: string[];
};

type ContractSetup = {
  engine: SpeechEngine;
  recordings: [Recording, ...Recording[]];
  /** A recording of the same words at any sample rate. */
  recordingAt: (sampleRate: number) => Recording;
  /** How many streams (sockets, processes) are open now, if the adapter can say. */
  openStreams?: () => number;
  /** Frees what the test itself holds, after `engine.close()`. */
  close?: () => Promise<void>;
};

const POLL = { interval: 10, timeout: 10_000 };
/** The pause of the speaker in the test of a pause: the audio stops for so long. */
const SPEAKER_PAUSE_MS = 300;
/** The ends of the contract, a rate that divides nothing, and the rate of CDs. The resampler's own test has more. */
const RATES = [8_000, 9_999, 44_100, 48_000];
/** A model places a word a few frames earlier or later, because it hears less in audio of a low rate. */
const PLACING_SECONDS = 0.15;
/** Engines count in frames of 10 ms and may round up. */
const ROUNDING_SECONDS = 0.05;

/** The contract test of the port: every adapter runs it. */
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
    const endlessAudio = (recording: Recording) =>
      new AudioSource([...chunksOf(recording), ...chunksOf(silent(recording, 3))], { hangs: true });
    const expectFreed = async (source: AudioSource) => {
      await expect.poll(() => source.returned, POLL).toBe(true);
      await expect.poll(() => parts.openStreams?.() ?? 0, POLL).toBe(0);
    };

    test('each recording gives its words in order, and each utterance ends with one final', async () => {
      for (const recording of parts.recordings) {
        const events = await collect(transcribe(recording, new AudioSource(chunksOf(recording))));
        expectTranscript(events, recording);
      }
      await expect.poll(() => parts.openStreams?.() ?? 0, POLL).toBe(0);
    });

    test('every sample rate of the contract gives the same words at the same times', async () => {
      const startsAt = async (rate: number) => {
        const recording = parts.recordingAt(rate);
        const { language, sampleRate, words } = recording;
        expect(parts.engine.refuses({ language, sampleRate })).toBeNull();
        const events = await collect(transcribe(recording, new AudioSource(chunksOf(recording))));
        expectTranscript(events, recording);
        return startsOf(words, events);
      };
      const expected = await startsAt(16_000);
      for (const rate of RATES) {
        for (const [i, start] of (await startsAt(rate)).entries()) {
          const difference = Math.abs(start - (expected[i] ?? Number.NaN));
          expect(difference, `word ${i} at ${rate} Hz`).toBeLessThan(PLACING_SECONDS);
        }
      }
    });

    test('the utterances of one stream come in time order, each with an id of its own', async () => {
      const twice = join(first, silent(first, 2), first);
      const events = await collect(transcribe(twice, new AudioSource(chunksOf(twice))));
      expectTranscript(events, { ...twice, words: [...first.words, ...first.words] });
      expect(new Set(events.map(({ utteranceId }) => utteranceId)).size).toBeGreaterThan(1);
    });

    test('silence makes no events, and neither does a stream without audio; both end', async () => {
      for (const noSpeech of [silent(first, 2), silent(first, 0)]) {
        expect(await collect(transcribe(noSpeech, new AudioSource(chunksOf(noSpeech))))).toEqual([]);
      }
    });

    test('audio that arrives after a pause loses no word', async () => {
      const chunks = chunksOf(first);
      const middle = Math.floor(chunks.length / 2);
      const paused = async function* () {
        yield* chunks.slice(0, middle);
        await sleep(SPEAKER_PAUSE_MS);
        yield* chunks.slice(middle);
      };
      expectTranscript(await collect(transcribe(first, paused())), first);
    });

    test('two streams at once do not mix', async () => {
      const last = parts.recordings.at(-1) ?? first;
      const [one = [], other = []] = await Promise.all(
        [first, last].map((recording) =>
          collect(transcribe(recording, new AudioSource(chunksOf(recording)))),
        ),
      );
      expectTranscript(one, first);
      expectTranscript(other, last);
    });

    test('an abort in the middle ends the events without an error and releases the audio', async () => {
      const source = endlessAudio(first);
      const abort = new AbortController();
      const events = transcribe(first, source, abort.signal)[Symbol.asyncIterator]();
      expect((await events.next()).done).toBe(false);
      abort.abort();
      while (!(await events.next()).done);
      await expectFreed(source);
    });

    test('an abort before the first event, or before the start, does the same', async () => {
      const waiting = new AudioSource([], { hangs: true });
      const abort = new AbortController();
      const events = collect(transcribe(first, waiting, abort.signal));
      await expect.poll(() => waiting.iterators, POLL).toBe(1);
      abort.abort();
      expect(await events).toEqual([]);
      await expectFreed(waiting);

      expect(await collect(transcribe(first, endlessAudio(first), AbortSignal.abort()))).toEqual([]);
    });

    test('a consumer that returns early frees everything', async () => {
      const source = endlessAudio(first);
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

function expectTranscript(events: TranscriptEvent[], recording: Recording): void {
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
  for (const value of [confidence, ...words.map((word) => word.confidence)]) {
    expect(value ?? 1).toBeGreaterThanOrEqual(0);
    expect(value ?? 1).toBeLessThanOrEqual(1);
  }
}

/** The last event is the only final, and all its text is stable. Text that an event marks as stable never changes. */
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

/** When each of the words begins. All of them must be in the finals, in this order. */
function startsOf(wanted: string[], events: TranscriptEvent[]): number[] {
  const said = events.filter(({ type }) => type === 'final').flatMap(({ words }) => words);
  let at = 0;
  return wanted.map((word) => {
    at = said.findIndex(({ text }, i) => i >= at && text.toLowerCase() === word.toLowerCase()) + 1;
    return said[at - 1]?.start ?? Number.NaN;
  });
}

function expectWords(text: string, wanted: string[]): void {
  const recognized = text.toLowerCase().split(/[^\p{L}\p{N}']+/u);
  let at = 0;
  for (const word of wanted) {
    at = recognized.indexOf(word.toLowerCase(), at) + 1;
    expect(at, `“${word}” in “${text}”`).toBeGreaterThan(0);
  }
}
