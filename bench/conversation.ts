import { loudness, pink } from '../server/transcriber/testing/noise.ts';
import { createRandom, type Random } from '../server/transcriber/testing/random.ts';
import { CLIP_RATE, type Span, type SpokenClip } from '../server/transcriber/testing/recordings.ts';

/** One microphone: PCM s16le mono at 16 kHz, and where its owner speaks, in samples, by construction. */
export type Microphone = { pcm: Uint8Array; spans: Span[]; utterances: Span[] };

type Placed = { at: number; clip: SpokenClip };

const ROOM_DECIBELS = 30;
const ROOM_SECONDS = 61;

/**
 * Two people talk for so long, each at a microphone of their own: turns of 3 to 60 s with short pauses between the
 * utterances, mostly quick answers, now and then one who falls in or says a word meanwhile, sometimes a long silence.
 */
export function converse(recordings: SpokenClip[], seconds: number, seed: number): [Microphone, Microphone] {
  const clips = recordings.map(trimmed);
  const random = createRandom(seed);
  const length = seconds * CLIP_RATE;
  const said: [Placed[], Placed[]] = [[], []];
  let at = 5 * CLIP_RATE;
  for (let who: 0 | 1 = 0; ; who = who === 0 ? 1 : 0) {
    const end = speak(said[who], { at, length: turnSeconds(random) * CLIP_RATE }, { clips, random });
    if (end > length) break;
    if (random.next() < 0.15) interject(said[1 - who] as Placed[], { at, end }, { clips, random });
    at = Math.round(end + gapSeconds(random) * CLIP_RATE);
  }
  return [record(said[0], length, seed), record(said[1], length, seed + 1)];
}

/** Without the silence around the words: the pauses are ours to choose. */
function trimmed(clip: SpokenClip): SpokenClip {
  const start = clip.spans[0]?.[0] ?? 0;
  const spans = clip.spans.map(([from, to]): Span => [from - start, to - start]);
  return { ...clip, spans, samples: clip.samples.subarray(start, clip.spans.at(-1)?.[1]) };
}

/** 3 to 60 s, as many short ones as long ones on a logarithmic scale. */
const turnSeconds = (random: Random) => 3 * 20 ** random.next();

function gapSeconds(random: Random): number {
  const chance = random.next();
  if (chance < 0.2) return -(0.3 + 1.2 * random.next());
  if (chance < 0.9) return 0.2 + random.next();
  return 3 + 57 * random.next() ** 2;
}

type Means = { clips: SpokenClip[]; random: Random };

/** Says one thing after another until the turn is over. Answers where it ends. */
function speak(said: Placed[], turn: { at: number; length: number }, { clips, random }: Means): number {
  const last = said.at(-1);
  // Nobody says two things at once: who was just saying a word comes after it.
  let at = Math.max(turn.at, last ? last.at + last.clip.samples.length : 0);
  let end = at;
  while (at < turn.at + turn.length) {
    const clip = random.pick(clips);
    said.push({ at, clip });
    end = at + clip.samples.length;
    at = end + Math.round((0.1 + 0.5 * random.next()) * CLIP_RATE);
  }
  return end;
}

function interject(said: Placed[], turn: { at: number; end: number }, { clips, random }: Means): void {
  const short = clips.filter(({ samples }) => samples.length < 2 * CLIP_RATE);
  const at = turn.at + Math.round((0.2 + 0.5 * random.next()) * (turn.end - turn.at));
  speak(said, { at, length: 1 }, { clips: short, random });
}

/** What was said, in the pink noise of a room, 30 dB below the voice. */
function record(said: Placed[], length: number, seed: number): Microphone {
  const within = said.filter(({ at, clip }) => at + clip.samples.length <= length);
  const noise = pink(ROOM_SECONDS * CLIP_RATE, CLIP_RATE, seed);
  const gain = (3_277 * 10 ** (-ROOM_DECIBELS / 20)) / loudness(noise);
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
