import { answerParent } from './answerParent.ts';
import { Speaker } from './speaker.ts';
import { CHUNK_MS } from './syntheticSpeech.ts';

/** The load of the soak, in a process of its own. Every one of these ends by itself. */
export type SoakLoad = {
  /** They enter, and begin to sing as fast as they are heard, for so many hours of audio each. */
  begin: (url: string, hours: number) => Promise<void>;
  progress: () => Promise<Progress>;
  /** They stop. */
  end: () => Promise<Outcome>;
};

export type Progress = { done: boolean; audioHours: number };

export type Outcome = {
  wordsSung: number;
  wordsHeard: number;
  /** For each stream whose finals do not hold the words that were sung, each once and in order: what is wrong first. */
  differences: string[];
  gaps: number;
  recoveries: number;
  refusedChunks: number;
  audioSeconds: number;
  billedSeconds: number;
};

type Summary = Awaited<ReturnType<Speaker['stop']>>;

/** Seconds of silence after an utterance: never long; long enough to be left out; long enough to hang up. */
const PAUSES: ((utterance: number) => number)[] = [
  () => 0.6,
  (utterance) => (utterance % 10 === 9 ? 5 : 0.6),
  (utterance) => (utterance % 40 === 39 ? 25 : 0.6),
  (utterance) => (utterance % 15 === 14 ? 40 : 1.2),
];
const UNACKED = 32;
/** More than is kept for an engine that is away must not be sung meanwhile. */
const WORDS_AHEAD = 40;

/** Somebody who goes on as soon as what they sang before has been heard. */
class Singer {
  readonly words: string[] = [];
  gaps = 0;
  recoveries = 0;
  chunks = 0;
  #wake = () => {};

  enter(url: string, seed: number, pauseSeconds: (utterance: number) => number): Promise<Speaker> {
    return Speaker.enter({
      ...{ url, name: `Singer ${seed + 1}`, song: { seed, pauseSeconds } },
      onAck: () => this.#wake(),
      onCaption: (event) => {
        if (event.type === 'stream' && event.state === 'recovering') this.recoveries += 1;
        if (event.type === 'stream' && event.state === 'ended' && event.reason !== 'stopped')
          this.words.push(`(ended: ${event.reason})`);
        if (event.type !== 'final') return;
        if (event.utterance.gap) this.gaps += 1;
        this.words.push(...event.utterance.words.map(({ text }) => text));
        this.#wake();
      },
    });
  }

  async sing(speaker: Speaker, chunks: number): Promise<void> {
    while (this.chunks < chunks || !speaker.song.pauses) {
      if (speaker.unacked >= UNACKED || speaker.song.words.length - this.words.length >= WORDS_AHEAD) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      speaker.push();
      this.chunks += 1;
    }
  }
}

const singers = PAUSES.map(() => new Singer());
let speakers: Speaker[] = [];
let summaries: Promise<Summary[]> = Promise.resolve([]);
let done = false;

answerParent({
  async begin(url, hours) {
    speakers = await Promise.all(singers.map((singer, i) => singer.enter(url, i, PAUSES[i] as () => number)));
    await Promise.all(speakers.map((speaker) => speaker.start()));
    const chunks = (hours * 3_600_000) / CHUNK_MS;
    // Whoever is done stops at once: one who only waits for the others would be taken to be gone.
    const singing = singers.map(async (singer, i) => {
      const speaker = speakers[i] as Speaker;
      await singer.sing(speaker, chunks);
      return speaker.stop();
    });
    summaries = Promise.all(singing);
    void summaries.then(() => {
      done = true;
    });
  },

  async progress() {
    const chunks = singers.reduce((sum, singer) => sum + singer.chunks, 0);
    return { done, audioHours: (chunks * CHUNK_MS) / 3_600_000 };
  },

  async end() {
    const ended = await summaries;
    await Promise.all(speakers.map((speaker) => speaker.leave()));
    const sum = (of: (i: number) => number) => speakers.reduce((total, _, i) => total + of(i), 0);
    return {
      wordsSung: sum((i) => speakers[i]?.song.words.length ?? 0),
      wordsHeard: sum((i) => singers[i]?.words.length ?? 0),
      differences: speakers.flatMap(({ song }, i) => difference(song.words, singers[i]?.words ?? []) ?? []),
      gaps: sum((i) => singers[i]?.gaps ?? 0),
      recoveries: sum((i) => singers[i]?.recoveries ?? 0),
      refusedChunks: sum((i) => speakers[i]?.refused ?? 0),
      audioSeconds: sum((i) => ended[i]?.audioSeconds ?? 0),
      billedSeconds: sum((i) => ended[i]?.billedSeconds ?? 0),
    };
  },
} satisfies SoakLoad);

function difference(sung: string[], heard: string[]): string | undefined {
  const at = sung.findIndex((word, i) => word !== heard[i]);
  if (at < 0 && sung.length === heard.length) return undefined;
  const from = at < 0 ? sung.length : at;
  const some = (words: string[]) => words.slice(Math.max(0, from - 3), from + 5).join(' ');
  return `word ${from} of ${sung.length}, ${heard.length} heard: sung “${some(sung)}”, heard “${some(heard)}”`;
}
