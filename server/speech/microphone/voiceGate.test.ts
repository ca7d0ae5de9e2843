import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silence, tone } from '../../transcriber/testing/audio.ts';
import { createRandom } from '../../transcriber/testing/random.ts';
import { type GateEvent, VoiceGate } from './voiceGate.ts';

const RATE = 8_000;
const TIMES = { tailSeconds: 0.2, preRollSeconds: 0.1, suspendSeconds: 1 };

/** The lengths of quiet and loud runs in turn, in seconds. The first run is quiet. */
const runLengths = fc.array(fc.double({ min: 0.05, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 });
/** The lengths of chunks, in samples. */
const chunkLengths = fc.array(fc.integer({ min: 1, max: RATE }), { minLength: 1, maxLength: 20 });

describe('the audio that passes the gate', () => {
  test('has the bytes of its place, in order and none twice, whatever the chunks and the losses', () => {
    const lostSamples = fc.array(fc.nat({ max: 3 * RATE }), { maxLength: 3 });
    fc.assert(
      fc.property(runLengths, chunkLengths, lostSamples, (seconds, lengths, losses) => {
        const pcm = noiseRuns(seconds);
        const { events, pushed } = runGate(pcm, lengths, losses);
        let next = 0;
        for (const event of events) {
          expect(event.at).toBeGreaterThanOrEqual(next);
          if (event.type === 'suspend') continue;
          expect(event.pcm.length).toBeGreaterThan(0);
          expect(event.pcm.length).toBeLessThanOrEqual(2 * RATE);
          next = event.at + event.pcm.length / 2;
          expect(Buffer.from(event.pcm).equals(pcm.subarray(2 * event.at, 2 * next))).toBe(true);
          expect(pushed.some(([from, to]) => from <= event.at && next <= to)).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });

  test('does not depend on how the audio is cut into chunks', () => {
    fc.assert(
      fc.property(runLengths, chunkLengths, (seconds, lengths) => {
        const pcm = noiseRuns(seconds);
        expect(spansOf(runGate(pcm, lengths).events)).toEqual(spansOf(runGate(pcm, [RATE / 10]).events));
      }),
      { seed: 1 },
    );
  });
});

test('the gate gives no event until somebody speaks', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  for (let s = 0; s < 20; s += 1) expect(gate.take(silence(1, RATE))).toEqual([]);
  expect(gate.isOpen).toBe(false);
});

test('the gate leaves silence out after the tail, and suspends after the suspend time', () => {
  const { events } = runGate(noiseRuns([1, 1, 3, 1]), [RATE / 10]);
  const spans = spansOf(events);
  expect(spans.map(({ type }) => type)).toEqual(['audio', 'suspend', 'audio']);
  const seconds = spans.flatMap(({ at, end }) => [at / RATE, end / RATE]);
  for (const [i, wanted] of [0.9, 2.2, 3, 3, 4.9, 6].entries()) {
    expect(Math.abs((seconds[i] ?? Number.NaN) - wanted)).toBeLessThan(0.15);
  }
});

test('the segment goes on after a short pause, beginning with the pre-roll', () => {
  const spans = spansOf(runGate(noiseRuns([0.5, 1, 0.8, 1]), [RATE / 10]).events);
  expect(spans.map(({ type }) => type)).toEqual(['audio', 'audio']);
});

test('an open gate passes all audio in the same call, an incomplete frame too', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  gate.take(silence(1, RATE));
  gate.take(noiseRuns([0, 0.5]));
  expect(gate.isOpen).toBe(true);
  const pcm = tone(400, 0.013, RATE);
  expect(gate.take(pcm)).toEqual([{ type: 'audio', at: 1.5 * RATE, pcm }]);
});

test('lost audio counts as silence', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  gate.take(silence(1, RATE));
  gate.take(noiseRuns([0, 1]));
  gate.skipTo(2.5 * RATE);
  expect(gate.take(silence(0.1, RATE))).toHaveLength(1);
  gate.skipTo(20 * RATE);
  expect(gate.take(silence(0.1, RATE))).toEqual([{ type: 'suspend', at: 20 * RATE }]);
});

/** Runs of near silence and of noise that rises and falls like speech: quiet, loud, quiet, … */
function noiseRuns(seconds: number[]): Buffer {
  const random = createRandom(1);
  const samples = seconds.flatMap((length, i) =>
    Array.from({ length: Math.round(length * RATE) }, (_, n) =>
      i % 2 ? 8_000 * random.next() * Math.sin((2 * Math.PI * 4 * n) / RATE) : 4 * random.next(),
    ),
  );
  return Buffer.from(Int16Array.from(samples).buffer);
}

/**
 * Pushes audio through a gate in chunks of these lengths. After every fifth chunk, one of the losses is skipped.
 * @returns the events, and the spans of samples that were pushed.
 */
function runGate(pcm: Buffer, lengths: number[], losses: number[] = []) {
  const gate = new VoiceGate({ sampleRate: RATE, ...TIMES });
  const remaining = [...losses];
  const pushed: [from: number, to: number][] = [];
  const events: GateEvent[] = [];
  for (let at = 0, i = 0; at < pcm.length / 2; i += 1) {
    const length = Math.min(lengths[i % lengths.length] ?? RATE, pcm.length / 2 - at);
    events.push(...gate.take(pcm.subarray(2 * at, 2 * (at + length))));
    pushed.push([at, at + length]);
    const lost = i % 5 === 4 ? (remaining.pop() ?? 0) : 0;
    at += length + lost;
    gate.skipTo(at);
  }
  return { events, pushed: contiguous(pushed) };
}

function contiguous(pieces: [number, number][]): [number, number][] {
  const spans: [number, number][] = [];
  for (const [from, to] of pieces) {
    const last = spans.at(-1);
    if (last?.[1] === from) last[1] = to;
    else spans.push([from, to]);
  }
  return spans;
}

/** Where events begin and end, in samples. Audio events that touch are one span. */
function spansOf(events: GateEvent[]): { type: string; at: number; end: number }[] {
  const spans: { type: string; at: number; end: number }[] = [];
  for (const event of events) {
    const end = event.type === 'audio' ? event.at + event.pcm.length / 2 : event.at;
    const last = spans.at(-1);
    if (last && event.type === 'audio' && last.type === 'audio' && last.end === event.at) last.end = end;
    else spans.push({ type: event.type, at: event.at, end });
  }
  return spans;
}
