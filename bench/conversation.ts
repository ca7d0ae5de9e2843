import { loudness, pink } from '../server/transcriber/testing/noise.ts';
import { createRandom, type Random } from '../server/transcriber/testing/random.ts';
import { CLIP_RATE, type Span, type SpokenClip } from '../server/transcriber/testing/recordings.ts';

/** The recording of one microphone. Spans are in samples, and exact, because this file places the clips. */
export type Microphone = {
  /** PCM s16le mono at 16 kHz. */
  pcm: Uint8Array;
  /** Where the owner's words sound. */
  spans: Span[];
  /** Where the owner's utterances are, with the pauses between their words. */
  utterances: Span[];
};

type PlacedClip = { at: number; clip: SpokenClip };

/** The noise of the room is this much quieter than the voice. */
const NOISE_BELOW_VOICE_DB = 30;
/** The noise repeats after this time. */
const NOISE_SECONDS = 61;
/** Root mean square of the voice in the recordings. */
const VOICE_LOUDNESS = 3_277;

/**
 * Simulates a conversation of two people, each with a microphone of their own. A turn lasts 3 to 60 s, with short pauses
 * between the utterances. Most answers come quickly. Some begin before the other person has finished, some people say a
 * word while the other one talks, and some silences are long. The same seed gives the same conversation.
 */
export function converse(recordings: SpokenClip[], seconds: number, seed: number): [Microphone, Microphone] {
  const clips = recordings.map(trimmed);
  const random = createRandom(seed);
  const length = seconds * CLIP_RATE;
  const clipsOf: [PlacedClip[], PlacedClip[]] = [[], []];
  let at = 5 * CLIP_RATE;
  for (let speaker: 0 | 1 = 0; ; speaker = speaker === 0 ? 1 : 0) {
    const end = speak(clipsOf[speaker], { at, length: turnSeconds(random) * CLIP_RATE }, { clips, random });
    if (end > length) break;
    if (random.next() < 0.15) interject(clipsOf[1 - speaker] as PlacedClip[], { at, end }, { clips, random });
    at = Math.round(end + secondsUntilAnswer(random) * CLIP_RATE);
  }
  return [record(clipsOf[0], length, seed), record(clipsOf[1], length, seed + 1)];
}

/** Cuts the silence before the first word and after the last word, so that this file alone decides the pauses. */
function trimmed(clip: SpokenClip): SpokenClip {
  const start = clip.spans[0]?.[0] ?? 0;
  const spans = clip.spans.map(([from, to]): Span => [from - start, to - start]);
  return { ...clip, spans, samples: clip.samples.subarray(start, clip.spans.at(-1)?.[1]) };
}

/** 3 to 60 s, evenly distributed on a logarithmic scale. */
const turnSeconds = (random: Random) => 3 * 20 ** random.next();

/** Seconds until the other person begins. Negative: that person begins before the first one has finished. */
function secondsUntilAnswer(random: Random): number {
  const chance = random.next();
  if (chance < 0.2) return -(0.3 + 1.2 * random.next());
  if (chance < 0.9) return 0.2 + random.next();
  return 3 + 57 * random.next() ** 2;
}

type Choice = { clips: SpokenClip[]; random: Random };

/** Adds random clips until the turn is over. @returns the sample at which the last clip ends. */
function speak(
  placed: PlacedClip[],
  turn: { at: number; length: number },
  { clips, random }: Choice,
): number {
  const last = placed.at(-1);
  // Nobody says two things at once: a turn begins after the person's own last clip.
  let at = Math.max(turn.at, last ? last.at + last.clip.samples.length : 0);
  let end = at;
  while (at < turn.at + turn.length) {
    const clip = random.pick(clips);
    placed.push({ at, clip });
    end = at + clip.samples.length;
    at = end + Math.round((0.1 + 0.5 * random.next()) * CLIP_RATE);
  }
  return end;
}

/** Adds one short clip in the middle of the other person's turn. */
function interject(placed: PlacedClip[], turn: { at: number; end: number }, { clips, random }: Choice): void {
  const short = clips.filter(({ samples }) => samples.length < 2 * CLIP_RATE);
  const at = turn.at + Math.round((0.2 + 0.5 * random.next()) * (turn.end - turn.at));
  speak(placed, { at, length: 1 }, { clips: short, random });
}

/** Mixes the clips with pink noise, as a microphone in a room would record them. */
function record(placed: PlacedClip[], length: number, seed: number): Microphone {
  const within = placed.filter(({ at, clip }) => at + clip.samples.length <= length);
  const noise = pink(NOISE_SECONDS * CLIP_RATE, CLIP_RATE, seed);
  const gain = (VOICE_LOUDNESS * 10 ** (-NOISE_BELOW_VOICE_DB / 20)) / loudness(noise);
  const samples = new Int16Array(length);
  for (let i = 0; i < length; i += 1) samples[i] = Math.round(gain * (noise[i % noise.length] ?? 0));
  for (const { at, clip } of within) {
    for (const [i, sample] of clip.samples.entries()) {
      samples[at + i] = Math.max(-32_768, Math.min(32_767, (samples[at + i] ?? 0) + Math.round(sample)));
    }
  }
  return {
    pcm: new Uint8Array(samples.buffer),
    spans: within.flatMap(({ at, clip }) => clip.spans.map(([from, to]): Span => [at + from, at + to])),
    utterances: within.map(({ at, clip }): Span => [at, at + clip.samples.length]),
  };
}
