import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silence, tone } from '../../transcriber/testing/audio.ts';
import { createRandom } from '../../transcriber/testing/random.ts';
import { VoiceDetector } from './voiceDetector.ts';
import { type GateEvent, VoiceGate, type VoiceGateOptions } from './voiceGate.ts';

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

test.each([
  ['short times', TIMES, [1, 1, 0.8, 1, 3, 1, 2]],
  ['the default times', {}, [3, 1, 8, 1, 17, 1, 2]],
])('with %s, speech passes with pre-roll and tail, and a long silence suspends', (_, times, seconds) => {
  const pcm = noiseRuns(seconds);
  const spans = spansOf(runGate(pcm, [77, 333], [], times).events);
  const { tailSeconds = 1.4, preRollSeconds = 1, suspendSeconds = 15 } = times as Partial<typeof TIMES>;
  const [first, second, third] = speechRuns(pcm, tailSeconds) as [Run, Run, Run];
  const audio = ({ from, to }: Run) => ({
    type: 'audio',
    at: from - preRollSeconds * RATE,
    end: Math.min(to + tailSeconds * RATE, pcm.length / 2),
  });
  const suspendAt = second.to + suspendSeconds * RATE;
  const suspend = { type: 'suspend', at: suspendAt, end: suspendAt };
  const expected = [audio(first), audio(second), suspend, audio(third)];
  expect(spans.slice(0, 4)).toEqual(expected);
});

test('frames and pre-roll begin anew behind lost audio', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  gate.take(silence(0.505, RATE));
  gate.skipTo(RATE);
  const [opening] = gate.take(noiseRuns([0, 0.5]));
  if (opening?.type !== 'audio') throw new Error('The gate did not open.');
  expect(opening.at).toBe(RATE);
  expect((opening.at + opening.pcm.length / 2) % new VoiceDetector(RATE).frameSamples).toBe(0);
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
function runGate(
  pcm: Buffer,
  lengths: number[],
  losses: number[] = [],
  times: Partial<VoiceGateOptions> = TIMES,
) {
  const gate = new VoiceGate({ sampleRate: RATE, ...times });
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

/** Where the detector begins to notice speech and stops noticing it, as the ends of frames, in samples. */
type Run = { from: number; to: number };

/** The runs of speech that the detector finds. Shorter pauses than the tail are part of a run. */
function speechRuns(pcm: Buffer, tailSeconds: number): Run[] {
  const detector = new VoiceDetector(RATE);
  const { frameSamples } = detector;
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
  const runs: Run[] = [];
  for (let end = frameSamples; end <= samples.length; end += frameSamples) {
    if (!detector.isSpeech(samples.subarray(end - frameSamples, end))) continue;
    const last = runs.at(-1);
    if (last && end - frameSamples - last.to < tailSeconds * RATE) last.to = end;
    else runs.push({ from: end, to: end });
  }
  return runs;
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
