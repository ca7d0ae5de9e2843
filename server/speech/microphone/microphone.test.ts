import { describe, expect, test, vi } from 'vitest';
import { pcmOf, SAMPLE_RATE } from '../../../testing/speech/speechScene.ts';
import { suspendingGate } from '../../../testing/speech/suspendingGate.ts';
import {
  type Gate,
  type LostAudio,
  Microphone,
  type MicrophoneOptions,
  type SpeechSegment,
} from './microphone.ts';
import { openGate } from './openGate.ts';

const SECOND = SAMPLE_RATE;

function open(options: Partial<MicrophoneOptions> = {}) {
  const reported = { silence: [] as boolean[] };
  const microphone = new Microphone(
    { sampleRate: SAMPLE_RATE, gate: openGate(), ...options },
    {
      onSilenceChange: (isSilent) => reported.silence.push(isSilent),
    },
  );
  return { microphone, reported };
}

/** Ends the microphone and reads all its output: a list of pieces for each segment, and gaps. In samples. */
async function readOutput(microphone: Microphone): Promise<(LostAudio | { from: number; to: number }[])[]> {
  microphone.end();
  return Array.fromAsync(microphone.output, async (item) => ('audio' in item ? readPieces(item) : item));
}

async function readPieces({ audio }: SpeechSegment): Promise<{ from: number; to: number }[]> {
  return Array.fromAsync(audio, ({ at, pcm }) => ({ from: at, to: at + pcm.byteLength / 2 }));
}

describe('a microphone', () => {
  test('puts out a segment for each time that somebody speaks, with each sample in its place', async () => {
    const { microphone, reported } = open({ gate: suspendingGate() });
    for (const [seq, sample] of [1, 1, 0, 0, 1].entries()) microphone.push(seq, pcmOf(1_000, sample));
    const chunk = (n: number) => ({ from: n * SECOND, to: (n + 1) * SECOND });
    expect(await readOutput(microphone)).toEqual([[chunk(0), chunk(1)], [chunk(4)]]);
    expect(reported).toEqual({ silence: [false, true, true, false] });
    expect(microphone.seconds).toBe(5);
  });

  test('counts the audio that was lost before its first chunk, and the delay of that chunk', async () => {
    const before = Date.now();
    const { microphone } = open({ lostSeconds: 40, behindSeconds: 10 });
    microphone.push(0, pcmOf(1_000, 1));
    expect(Math.abs(microphone.timeOf(50) - before)).toBeLessThan(5_000);
    expect(await readOutput(microphone)).toEqual([
      { from: 0, to: 40 * SECOND, reason: 'network' },
      [{ from: 40 * SECOND, to: 41 * SECOND }],
    ]);
  });

  test('shows a gap for the time in which a page was reloaded', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    await vi.advanceTimersByTimeAsync(4_000);
    microphone.skipToNow();
    microphone.push(microphone.nextSeq, pcmOf(1_000, 1));
    vi.useRealTimers();
    expect(await readOutput(microphone)).toEqual([
      [{ from: 0, to: SECOND }],
      { from: SECOND, to: 5 * SECOND, reason: 'network' },
      [{ from: 5 * SECOND, to: 6 * SECOND }],
    ]);
  });

  test('shows no gap for a short loss, but counts its time', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    await vi.advanceTimersByTimeAsync(250);
    microphone.skipToNow();
    microphone.push(1, pcmOf(1_000, 1));
    vi.useRealTimers();
    expect(await readOutput(microphone)).toEqual([
      [
        { from: 0, to: SECOND },
        { from: 1.25 * SECOND, to: 2.25 * SECOND },
      ],
    ]);
  });

  test('shows missing chunks as a gap when it ends', async () => {
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    microphone.push(3, pcmOf(1_000, 1));
    expect(await readOutput(microphone)).toEqual([
      [{ from: 0, to: SECOND }],
      { from: SECOND, to: 3 * SECOND, reason: 'network' },
      [{ from: 3 * SECOND, to: 4 * SECOND }],
    ]);
  });

  test('puts out larger pieces while the process is busy, and loses nothing', async () => {
    const { microphone } = open({ isBusy: () => true, gate: suspendingGate() });
    const chunk = SECOND / 10;
    for (const [seq, sample] of [1, 1, 1, 0, 1].entries()) microphone.push(seq, pcmOf(100, sample));
    expect(await readOutput(microphone)).toEqual([
      [
        { from: 0, to: 2 * chunk },
        { from: 2 * chunk, to: 3 * chunk },
      ],
      [{ from: 4 * chunk, to: 5 * chunk }],
    ]);
  });

  test('keeps its times when somebody sets the system clock', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    const startMs = microphone.timeOf(0);
    vi.setSystemTime(0);
    microphone.push(1, pcmOf(1_000, 1));
    expect(microphone.timeOf(0)).toBe(startMs);
    expect(microphone.timeOf(2) - startMs).toBe(2_000);
    vi.useRealTimers();
  });

  test('places its first chunk in the time before it arrived', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    expect(microphone.timeOf(1)).toBe(performance.timeOrigin + performance.now());
    vi.useRealTimers();
  });

  test('places a first chunk that is sent late in the time of its recording', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open({ behindSeconds: 10 });
    microphone.push(0, pcmOf(1_000, 1));
    expect(microphone.timeOf(10)).toBe(performance.timeOrigin + performance.now());
    vi.useRealTimers();
  });

  test('gives up missing chunks when it skips to now, but not the early chunk behind them', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    microphone.push(2, pcmOf(1_000, 1));
    await vi.advanceTimersByTimeAsync(4_000);
    microphone.skipToNow();
    expect(microphone.nextSeq).toBe(3);
    vi.useRealTimers();
    expect(await readOutput(microphone)).toEqual([
      [{ from: 0, to: SECOND }],
      { from: SECOND, to: 2 * SECOND, reason: 'network' },
      [{ from: 2 * SECOND, to: 3 * SECOND }],
      { from: 3 * SECOND, to: 5 * SECOND, reason: 'network' },
    ]);
  });

  test('never skips back when its chunks came faster than they were spoken', async () => {
    const { microphone } = open();
    for (const seq of [0, 1, 2]) microphone.push(seq, pcmOf(1_000, 1));
    microphone.skipToNow();
    microphone.push(3, pcmOf(1_000, 1));
    const [pieces] = (await readOutput(microphone)) as [{ from: number; to: number }[]];
    expect(pieces.at(-1)).toEqual({ from: 3 * SECOND, to: 4 * SECOND });
  });

  test.each([
    [500, true],
    [490, false],
  ])('shows a missing chunk of %d ms as a gap: %s', async (ms, isShown) => {
    const { microphone } = open();
    for (const seq of [0, 2]) microphone.push(seq, pcmOf(ms, 1));
    const gaps = (await readOutput(microphone)).filter((item) => !Array.isArray(item));
    expect(gaps).toHaveLength(isShown ? 1 : 0);
  });

  test('checks the format of its first five seconds, and no more', () => {
    const twoChannels = new Uint8Array(
      Int16Array.from({ length: SECOND / 2 }, (_, i) => (i % 2) * 8_000 * Math.sin(i / 20)).buffer,
    );
    const { microphone } = open();
    for (const seq of [0, 1, 2, 3]) microphone.push(seq, pcmOf(1_000, 1));
    expect(() => microphone.push(4, twoChannels)).toThrowError(
      expect.objectContaining({ reason: 'not_pcm' }),
    );
    microphone.push(4, pcmOf(1_000, 1));
    microphone.push(5, twoChannels);
    expect(microphone.nextSeq).toBe(6);
  });

  test('accepts every chunk that comes as it is spoken, however long nobody reads it', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    for (let seq = 0; seq < 120; seq += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      microphone.push(seq, pcmOf(1_000, 1));
    }
    vi.useRealTimers();
    expect(microphone.nextSeq).toBe(120);
  });

  test('accepts chunks again when the engine has read its backlog', async () => {
    const { microphone } = open();
    const second = pcmOf(1_000, 1);
    for (let seq = 0; seq <= 30; seq += 1) microphone.push(seq, second);
    expect(() => microphone.push(31, second)).toThrowError(
      expect.objectContaining({ reason: 'engine_behind' }),
    );
    const { value: segment } = await microphone.output.next();
    const audio = (segment as SpeechSegment).audio[Symbol.asyncIterator]();
    await audio.next();
    microphone.push(31, second);
    expect(() => microphone.push(32, second)).toThrowError(
      expect.objectContaining({ reason: 'engine_behind' }),
    );
  });

  test('uses the memory of old audio again', async () => {
    const { microphone } = open();
    const buffers = new Set<ArrayBufferLike>();
    microphone.push(0, pcmOf(1_000, 1));
    const { value: segment } = await microphone.output.next();
    let seq = 1;
    for await (const { at, pcm } of (segment as SpeechSegment).audio) {
      buffers.add(pcm.buffer);
      microphone.freeBefore(at);
      if (seq < 100) microphone.push(seq, pcmOf(1_000, 1));
      else microphone.end();
      seq += 1;
    }
    expect(buffers.size).toBe(2);
  });

  test('gives its gate a copy of each chunk, so that the gate keeps no socket read in memory', () => {
    const gate = openGate();
    const seen: ArrayBufferLike[] = [];
    const take: Gate['take'] = (pcm) => {
      seen.push(pcm.buffer);
      return gate.take(pcm);
    };
    const { microphone } = open({ gate: { ...gate, take } });
    const chunks = [pcmOf(100, 1), pcmOf(100, 2)];
    for (const [seq, chunk] of chunks.entries()) microphone.push(seq, chunk);
    expect(seen).toHaveLength(2);
    for (const { buffer } of chunks) expect(seen).not.toContain(buffer);
  });

  test('drops its unread audio and ends its output when it is closed', async () => {
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    const { value: segment } = await microphone.output.next();
    const audio = (segment as SpeechSegment).audio[Symbol.asyncIterator]();
    microphone.push(1, pcmOf(1_000, 1));
    microphone.close();
    expect(await audio.next()).toEqual({ done: true, value: undefined });
    expect(await microphone.output.next()).toEqual({ done: true, value: undefined });
  });
});
