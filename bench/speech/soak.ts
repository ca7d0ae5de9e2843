import { answerParent } from './answerParent.ts';
import { Speaker } from './speaker.ts';
import { CHUNK_MS } from './syntheticSpeech.ts';

/** The load of the soak runs in a process of its own. Each of these functions ends by itself. */
export type SoakLoad = {
  /** Lets everybody enter and speak `hours` of audio each, as fast as it is recognised. */
  begin: (url: string, hours: number) => Promise<void>;
  progress: () => Promise<Progress>;
  /** Waits until everybody has stopped. */
  end: () => Promise<Outcome>;
};

export type Progress = { done: boolean; audioHours: number };

export type Outcome = {
  wordsSpoken: number;
  wordsRecognized: number;
  /** The first difference of each stream whose finals do not hold the spoken words, each once and in order. */
  differences: string[];
  gaps: number;
  recoveries: number;
  refusedChunks: number;
  audioSeconds: number;
  billedSeconds: number;
};

type Summary = Awaited<ReturnType<Speaker['stop']>>;

/**
 * Seconds of silence after an utterance, for each speaker: always short; long enough for the voice gate to leave it
 * out; long enough to end the engine call.
 */
const PAUSES: ((utterance: number) => number)[] = [
  () => 0.6,
  (utterance) => (utterance % 10 === 9 ? 5 : 0.6),
  (utterance) => (utterance % 40 === 39 ? 25 : 0.6),
  (utterance) => (utterance % 15 === 14 ? 40 : 1.2),
];
const MAX_UNACKED = 32;
/** Bounds the audio that waits for a failed engine: more than the replay buffer holds would be lost. */
const MAX_WORDS_AHEAD = 40;

/** A person who goes on speaking as soon as the server has acked and recognised enough of the earlier speech. */
class FastSpeaker {
  readonly words: string[] = [];
  gaps = 0;
  recoveries = 0;
  chunks = 0;
  #wake = () => {};

  enter(url: string, seed: number, pauseSeconds: (utterance: number) => number): Promise<Speaker> {
    return Speaker.enter({
      ...{ url, name: `Speaker ${seed + 1}`, speech: { seed, pauseSeconds } },
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

  async speak(speaker: Speaker, chunks: number): Promise<void> {
    while (this.chunks < chunks || !speaker.speech.isPausing) {
      const wordsAhead = speaker.speech.words.length - this.words.length;
      if (speaker.unacked >= MAX_UNACKED || wordsAhead >= MAX_WORDS_AHEAD) {
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

const people = PAUSES.map(() => new FastSpeaker());
let speakers: Speaker[] = [];
let summaries: Promise<Summary[]> = Promise.resolve([]);
let done = false;

answerParent({
  async begin(url, hours) {
    speakers = await Promise.all(people.map((person, i) => person.enter(url, i, PAUSES[i] as () => number)));
    await Promise.all(speakers.map((speaker) => speaker.start()));
    const chunks = (hours * 3_600_000) / CHUNK_MS;
    // Each speaker stops at once when done. The server would end a stream that only waits for the others.
    const talks = people.map(async (person, i) => {
      const speaker = speakers[i] as Speaker;
      await person.speak(speaker, chunks);
      return speaker.stop();
    });
    summaries = Promise.all(talks);
    void summaries.then(() => {
      done = true;
    });
  },

  async progress() {
    const chunks = people.reduce((sum, person) => sum + person.chunks, 0);
    return { done, audioHours: (chunks * CHUNK_MS) / 3_600_000 };
  },

  async end() {
    const ended = await summaries;
    await Promise.all(speakers.map((speaker) => speaker.leave()));
    const sum = (of: (i: number) => number) => speakers.reduce((total, _, i) => total + of(i), 0);
    return {
      wordsSpoken: sum((i) => speakers[i]?.speech.words.length ?? 0),
      wordsRecognized: sum((i) => people[i]?.words.length ?? 0),
      differences: speakers.flatMap(
        ({ speech }, i) => firstDifference(speech.words, people[i]?.words ?? []) ?? [],
      ),
      gaps: sum((i) => people[i]?.gaps ?? 0),
      recoveries: sum((i) => people[i]?.recoveries ?? 0),
      refusedChunks: sum((i) => speakers[i]?.refusals ?? 0),
      audioSeconds: sum((i) => ended[i]?.audioSeconds ?? 0),
      billedSeconds: sum((i) => ended[i]?.billedSeconds ?? 0),
    };
  },
} satisfies SoakLoad);

function firstDifference(spoken: string[], recognized: string[]): string | undefined {
  const at = spoken.findIndex((word, i) => word !== recognized[i]);
  if (at < 0 && spoken.length === recognized.length) return undefined;
  const from = at < 0 ? spoken.length : at;
  const around = (words: string[]) => `“${words.slice(Math.max(0, from - 3), from + 5).join(' ')}”`;
  const counts = `${spoken.length} words spoken, ${recognized.length} recognised`;
  return `${counts}; they differ at word ${from}: spoken ${around(spoken)}, recognised ${around(recognized)}`;
}
