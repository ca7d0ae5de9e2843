import { loudness, type Noise } from '../../../transcriber/testing/noise.ts';
import { createRandom } from '../../../transcriber/testing/random.ts';
import { CLIP_RATE, type Span, type SpokenClip } from '../../../transcriber/testing/recordings.ts';
import { VoiceGate } from '../voiceGate.ts';

/** An utterance counts as cut if less than this much of its start passes in one span. */
const START_SECONDS = 0.05;

/** Plays every clip once, 4 to 9 s apart, in noise that is this many decibels below the voice. */
export function conversation(
  recordings: SpokenClip[],
  { noise, decibels }: { noise: Noise; decibels: number },
) {
  const random = createRandom(1);
  const spans: Span[] = [];
  const parts: { at: number; clip: SpokenClip }[] = [];
  let length = 4 * CLIP_RATE;
  for (const clip of recordings) {
    const at = length;
    parts.push({ at, clip });
    spans.push(...clip.spans.map(([from, to]): Span => [at + from, at + to]));
    length += clip.samples.length + Math.round((4 + 5 * random.next()) * CLIP_RATE);
  }
  const background = noise(length, CLIP_RATE, 7);
  const gain = (3_277 * 10 ** (-decibels / 20)) / loudness(background);
  const samples = background.map((sample) => gain * sample);
  for (const { at, clip } of parts) {
    for (const [i, sample] of clip.samples.entries()) samples[at + i] = (samples[at + i] ?? 0) + sample;
  }
  return { samples, spans };
}

/** The spans of samples that pass the gate, when the audio comes in chunks of 100 ms. */
export function passingSpans(samples: Int16Array, sampleRate = CLIP_RATE): Span[] {
  const gate = new VoiceGate({ sampleRate });
  const pcm = new Uint8Array(samples.buffer);
  const bytes = 2 * Math.round(sampleRate / 10);
  const spans: Span[] = [];
  for (let at = 0; at < pcm.length; at += bytes) {
    for (const event of gate.take(pcm.subarray(at, at + bytes))) {
      if (event.type === 'suspend') continue;
      const end = event.at + event.pcm.length / 2;
      const last = spans.at(-1);
      if (last?.[1] === event.at) last[1] = end;
      else spans.push([event.at, end]);
    }
  }
  return spans;
}

/** The spoken spans whose start did not pass the gate. */
export function cutSpans(spans: Span[], passing: Span[], sampleRate = CLIP_RATE): Span[] {
  return spans.filter(
    ([from]) => !passing.some(([a, b]) => a <= from && from + START_SECONDS * sampleRate <= b),
  );
}

/** How many seconds of the spans lie between two times, in seconds. */
export function secondsIn(spans: Span[], from: number, to: number): number {
  const inside = spans.map(([a, b]) => Math.min(b, to * CLIP_RATE) - Math.max(a, from * CLIP_RATE));
  return inside.reduce((sum, samples) => sum + Math.max(0, samples), 0) / CLIP_RATE;
}
