import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silence, tone } from '../../transcriber/testing/audio.ts';
import { createRandom } from '../../transcriber/testing/random.ts';
import { type Gated, VoiceGate } from './voiceGate.ts';

const RATE = 8_000;
const TIMES = { tailSeconds: 0.2, preRollSeconds: 0.1, suspendSeconds: 1 };

/** Loud and quiet stretches, in seconds, that begin with a quiet one. */
const stretches = fc.array(fc.double({ min: 0.05, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 });
const cuts = fc.array(fc.integer({ min: 1, max: RATE }), { minLength: 1, maxLength: 20 });

describe('what passes the gate', () => {
  test('are exactly the bytes at these places, in order, none twice, whatever the chunks and losses', () => {
    const lost = fc.array(fc.nat({ max: 3 * RATE }), { maxLength: 3 });
    fc.assert(
      fc.property(stretches, cuts, lost, (seconds, lengths, holes) => {
        const pcm = spoken(seconds);
        const { gated, heard } = run(pcm, lengths, holes);
        let next = 0;
        for (const event of gated) {
          expect(event.at).toBeGreaterThanOrEqual(next);
          if (event.type === 'suspend') continue;
          expect(event.pcm.length).toBeGreaterThan(0);
          expect(event.pcm.length).toBeLessThanOrEqual(2 * RATE);
          next = event.at + event.pcm.length / 2;
          expect(Buffer.from(event.pcm).equals(pcm.subarray(2 * event.at, 2 * next))).toBe(true);
          expect(heard.some(([from, to]) => from <= event.at && next <= to)).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });

  test('depends on the audio, not on how it is cut', () => {
    fc.assert(
      fc.property(stretches, cuts, (seconds, lengths) => {
        const pcm = spoken(seconds);
        expect(joined(run(pcm, lengths).gated)).toEqual(joined(run(pcm, [RATE / 10]).gated));
      }),
      { seed: 1 },
    );
  });
});

test('nothing passes, and nothing is told, until somebody speaks', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  for (let s = 0; s < 20; s += 1) expect(gate.take(silence(1, RATE))).toEqual([]);
  expect(gate.isOpen).toBe(false);
});

test('silence is left out after the tail; the engine is given up after the patience', () => {
  const { gated } = run(spoken([1, 1, 3, 1]), [RATE / 10]);
  const runs = joined(gated);
  expect(runs.map(({ type }) => type)).toEqual(['audio', 'suspend', 'audio']);
  const seconds = runs.flatMap(({ at, end }) => [at / RATE, end / RATE]);
  for (const [i, wanted] of [0.9, 2.2, 3, 3, 4.9, 6].entries()) {
    expect(Math.abs((seconds[i] ?? Number.NaN) - wanted)).toBeLessThan(0.15);
  }
});

test('after a short pause the engine’s stream goes on, from the pre-roll', () => {
  const runs = joined(run(spoken([0.5, 1, 0.8, 1]), [RATE / 10]).gated);
  expect(runs.map(({ type }) => type)).toEqual(['audio', 'audio']);
});

test('an open gate lets audio through in the same call, the frame that is not full too', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  gate.take(silence(1, RATE));
  gate.take(spoken([0, 0.5]));
  expect(gate.isOpen).toBe(true);
  const pcm = tone(400, 0.013, RATE);
  expect(gate.take(pcm)).toEqual([{ type: 'audio', at: 1.5 * RATE, pcm }]);
});

test('lost audio counts as silence', () => {
  const gate = new VoiceGate({ sampleRate: RATE });
  gate.take(silence(1, RATE));
  gate.take(spoken([0, 1]));
  gate.skipTo(2.5 * RATE);
  expect(gate.take(silence(0.1, RATE))).toHaveLength(1);
  gate.skipTo(20 * RATE);
  expect(gate.take(silence(0.1, RATE))).toEqual([{ type: 'suspend', at: 20 * RATE }]);
});

/** Noise that rises and falls as speech does, and silence: quiet, loud, quiet, … */
function spoken(seconds: number[]): Buffer {
  const random = createRandom(1);
  const samples = seconds.flatMap((length, i) =>
    Array.from({ length: Math.round(length * RATE) }, (_, n) =>
      i % 2 ? 8_000 * random.next() * Math.sin((2 * Math.PI * 4 * n) / RATE) : 4 * random.next(),
    ),
  );
  return Buffer.from(Int16Array.from(samples).buffer);
}

/** @returns what came out, and the stretches of samples that went in. */
function run(pcm: Buffer, lengths: number[], holes: number[] = []) {
  const gate = new VoiceGate({ sampleRate: RATE, ...TIMES });
  const heard: [from: number, to: number][] = [];
  const gated: Gated[] = [];
  for (let at = 0, i = 0; at < pcm.length / 2; i += 1) {
    const length = Math.min(lengths[i % lengths.length] ?? RATE, pcm.length / 2 - at);
    gated.push(...gate.take(pcm.subarray(2 * at, 2 * (at + length))));
    heard.push([at, at + length]);
    const hole = i % 5 === 4 ? (holes.pop() ?? 0) : 0;
    at += length + hole;
    gate.skipTo(at);
  }
  return { gated, heard: contiguous(heard) };
}

function contiguous(pieces: [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of pieces) {
    const last = joined.at(-1);
    if (last?.[1] === from) last[1] = to;
    else joined.push([from, to]);
  }
  return joined;
}

/** The events with pieces that touch made one. */
function joined(gated: Gated[]): { type: string; at: number; end: number }[] {
  const runs: { type: string; at: number; end: number }[] = [];
  for (const event of gated) {
    const end = event.type === 'audio' ? event.at + event.pcm.length / 2 : event.at;
    const last = runs.at(-1);
    if (last && event.type === 'audio' && last.type === 'audio' && last.end === event.at) last.end = end;
    else runs.push({ type: event.type, at: event.at, end });
  }
  return runs;
}
