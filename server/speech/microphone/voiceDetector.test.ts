import { describe, expect, test } from 'vitest';
import { babbleOf, hum, loudness, type Noise, pink, typing, white } from '../../transcriber/testing/noise.ts';
import {
  alsaClips,
  CLIP_RATE,
  longerClips,
  type Span,
  type SpokenClip,
  toSamples,
} from '../../transcriber/testing/recordings.ts';
import { conversation, cutSpans, passingSpans, secondsIn } from './testing/gateScene.ts';
import { VoiceDetector } from './voiceDetector.ts';

const clips = [...alsaClips(), ...longerClips()];
if (longerClips().length === 0)
  console.info('These tests ran without the longer recordings: they are not on this machine.');
const babble = babbleOf(clips.map(({ samples }) => samples));

describe('no utterance loses its start', () => {
  for (const [name, noise] of Object.entries({ white, pink, hum, typing, babble })) {
    test.each([20, 10, 5])(`in ${name} noise %d dB below the voice`, (decibels) => {
      const { samples, spans } = conversation(clips, { noise, decibels });
      expect(cutSpans(spans, passingSpans(toSamples(samples)))).toEqual([]);
    });
  }

  test.each([
    ['a quiet microphone (-40 dB)', 0.1, 0],
    ['a very quiet microphone (-55 dB)', 0.018, 0],
    ['a microphone so loud that it clips', 8, 0],
    ['a microphone with a constant offset', 1, 3_000],
  ])('with %s', (_, gain, offset) => {
    const { samples, spans } = conversation(clips, { noise: pink, decibels: 20 });
    expect(cutSpans(spans, passingSpans(toSamples(samples, gain, offset)))).toEqual([]);
  });

  test('if the stream begins with that utterance', () => {
    for (const { samples, spans } of clips) {
      const [from = 0] = spans[0] ?? [];
      for (const gain of [0.018, 0.1, 1, 4]) {
        expect(passingSpans(toSamples(samples.subarray(from), gain))[0]?.[0]).toBe(0);
      }
    }
  });

  test.each([8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000])('at %d samples a second', (rate) => {
    const { samples, spans } = conversation(clips, { noise: pink, decibels: 10 });
    const at = (n: number) => Math.round((n * rate) / CLIP_RATE);
    const resampled = Float64Array.from(
      { length: at(samples.length) },
      (_, i) => samples[Math.floor((i * CLIP_RATE) / rate)] ?? 0,
    );
    const resampledSpans = spans.map(([from, to]): Span => [at(from), at(to)]);
    expect(cutSpans(resampledSpans, passingSpans(toSamples(resampled), rate), rate)).toEqual([]);
  });
});

describe('at the start of a stream, while the noise floor is not known', () => {
  /** The time until a detector first notices speech. Infinity if it never does. */
  function secondsUntilSpeech(samples: Int16Array): number {
    const detector = new VoiceDetector(CLIP_RATE);
    const { frameSamples } = detector;
    for (let end = frameSamples; end <= samples.length; end += frameSamples) {
      if (detector.isSpeech(samples.subarray(end - frameSamples, end))) return end / CLIP_RATE;
    }
    return Number.POSITIVE_INFINITY;
  }

  test.each([0.1, 1, 4])('a voice at gain %d is noticed within 0.3 s', (gain) => {
    for (const { samples, spans } of alsaClips()) {
      const [from = 0] = spans[0] ?? [];
      expect(secondsUntilSpeech(toSamples(samples.subarray(from), gain))).toBeLessThan(0.3);
    }
  });

  test.each([-60, -50, -40])('noise of %d dB is not speech', (decibels) => {
    const noise = pink(3 * CLIP_RATE, CLIP_RATE, 3);
    const gain = (32_768 * 10 ** (decibels / 20)) / loudness(noise);
    expect(secondsUntilSpeech(toSamples(noise, gain))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('sound that is not speech', () => {
  test('digital silence never opens the gate, at the start or after speech', () => {
    expect(passingSpans(new Int16Array(60 * CLIP_RATE))).toEqual([]);
    const [clip] = clips as [SpokenClip];
    const after = Float64Array.from([...clip.samples, ...new Float64Array(60 * CLIP_RATE)]);
    expect(passingSpans(toSamples(after)).map(([from]) => from)).toEqual([0]);
  });

  const steady: [string, Noise, number][] = [
    ['full-scale white noise', white, 20],
    ['loud pink noise', pink, 3],
    ['faint pink noise', pink, 0.01],
    ['hum', hum, 3],
  ];
  test.each(steady)('steady %s counts as the noise floor within 6 s', (_, noise, gain) => {
    const samples = noise(120 * CLIP_RATE, CLIP_RATE, 3);
    const loud = toSamples(samples, (gain * 3_277) / loudness(samples));
    expect(secondsIn(passingSpans(loud), 6, 120)).toBe(0);
  });

  test('noise that starts in a silent room counts as the noise floor within 6 s', () => {
    const samples = pink(60 * CLIP_RATE, CLIP_RATE, 3).map((sample, i) =>
      i < 20 * CLIP_RATE ? 0.01 * sample : sample,
    );
    const loud = toSamples(samples, 3_277);
    expect(secondsIn(passingSpans(loud), 26, 60)).toBe(0);
  });

  test('typing hardly ever opens the gate', () => {
    const samples = typing(120 * CLIP_RATE, CLIP_RATE, 5);
    expect(secondsIn(passingSpans(toSamples(samples, 3_000)), 6, 120)).toBeLessThan(12);
  });
});

test('in steady noise, hardly anything but speech, tail and pre-roll passes', () => {
  for (const noise of [white, pink, hum]) {
    const { samples, spans } = conversation(clips, { noise, decibels: 10 });
    const near = spans.map(([from, to]): Span => [from - CLIP_RATE, to + 2.5 * CLIP_RATE]);
    const stray = passingSpans(toSamples(samples)).flatMap(([from, to]) =>
      Array.from({ length: Math.floor((to - from) / 1_600) }, (_, i) => from + 1_600 * i).filter(
        (at) => at > 6 * CLIP_RATE && !near.some(([a, b]) => a <= at && at <= b),
      ),
    );
    expect(stray.length / 10).toBeLessThan(2);
  }
});
