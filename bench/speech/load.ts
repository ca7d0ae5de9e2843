import { setTimeout as sleep } from 'node:timers/promises';
import type { Utterance } from '../../contract/types.ts';
import { answerParent } from './answerParent.ts';
import { Speaker } from './speaker.ts';
import { CHUNK_MS, expectedResults, type SyntheticSpeechOptions } from './syntheticSpeech.ts';

/** The load runs in a process and on a core of its own. Each of these functions ends by itself. */
export type SpeechLoad = {
  /** Lets `count` people enter, each with a room, a socket and a speech stream of their own. */
  enter: (url: string, count: number) => Promise<void>;
  /** Lets ten people a second begin to speak. Resolves when all of them have spoken for `warmUpMs`. */
  begin: (warmUpMs: number) => Promise<void>;
  /** Measures for `forMs`. @returns for each chunk of that time, the milliseconds from send to ack. */
  measure: (forMs: number) => Promise<number[]>;
  /** Stops everybody. */
  end: () => Promise<Outcome>;
};

export type Outcome = {
  /**
   * For each caption of the measured time: the milliseconds from the send of the chunk that completes the caption's
   * text to the caption at the reader. The times of the service and of the reader are included.
   */
  lags: number[];
  refusedChunks: number;
  captions: number;
  wordsSpoken: number;
  /** Whether the finals hold all spoken words, each once and in order. */
  allRecognized: boolean;
};

type Caption = { at: number; isFinal: boolean; utterance: Utterance };

/** One speaker. `sentAt`: when each chunk was sent, by chunk number. */
type Participant = {
  speech: SyntheticSpeechOptions;
  speaker: Speaker;
  sentAt: number[];
  captions: Caption[];
};

const participants: Participant[] = [];
let ackMs: number[] | undefined;
let measured = { from: 0, to: 0 };
let speaking: Promise<void> | undefined;
let stopped = false;

async function enterOne(url: string, seed: number): Promise<Participant> {
  const sentAt: number[] = [];
  const captions: Caption[] = [];
  const speaker = await Speaker.enter({
    url,
    name: `Speaker ${seed + 1}`,
    speech: { seed },
    onAck: (seq) => ackMs?.push(performance.now() - (sentAt[seq] as number)),
    onCaption(event) {
      if (event.type === 'stream') return;
      captions.push({ at: performance.now(), isFinal: event.type === 'final', utterance: event.utterance });
    },
  });
  return { speech: { seed }, speaker, sentAt, captions };
}

/** Everybody speaks in turn, so that the chunks are spread evenly over time. Round n starts the n-th stream. */
async function speak(): Promise<void> {
  const from = performance.now();
  for (let n = 0; !stopped; ) {
    for (; from + (n * CHUNK_MS) / participants.length <= performance.now(); n += 1) {
      const [index, round] = [n % participants.length, Math.floor(n / participants.length)];
      const { speaker, sentAt } = participants[index] as Participant;
      if (round === index) void speaker.start();
      if (!speaker.isLive) continue;
      sentAt.push(performance.now());
      speaker.push();
    }
    await sleep(1);
  }
}

function lagsOf({ speech, sentAt, captions }: Participant): number[] {
  const results = expectedResults(speech, sentAt.length);
  const lags: number[] = [];
  let next = 0;
  for (const { at, isFinal, utterance } of captions) {
    const found = results.findIndex(
      (result, i) => i >= next && result.isFinal === isFinal && result.text === utterance.text,
    );
    if (found < 0) continue;
    next = found + 1;
    const sent = sentAt[results[found]?.seq ?? 0] as number;
    if (sent >= measured.from && sent < measured.to) lags.push(at - sent);
  }
  return lags;
}

function isAllRecognized({ speaker, captions }: Participant): boolean {
  const finals = captions.filter(({ isFinal }) => isFinal);
  const recognized = finals.flatMap(({ utterance }) => utterance.words.map(({ text }) => text));
  return recognized.join(' ') === speaker.speech.words.join(' ');
}

answerParent({
  async enter(url, count) {
    const fill = async () => {
      while (participants.length < count) {
        const seed = participants.length;
        participants.length += 1;
        participants[seed] = await enterOne(url, seed);
      }
    };
    await Promise.all(Array.from({ length: 8 }, fill));
  },

  async begin(warmUpMs) {
    speaking = speak();
    await sleep(participants.length * CHUNK_MS + warmUpMs);
  },

  async measure(forMs) {
    const collected: number[] = [];
    ackMs = collected;
    const from = performance.now();
    await sleep(forMs);
    measured = { from, to: performance.now() };
    ackMs = undefined;
    return collected;
  },

  async end() {
    stopped = true;
    await speaking;
    for (const { speaker, sentAt } of participants) {
      while (!speaker.speech.isPausing) {
        sentAt.push(performance.now());
        speaker.push();
      }
    }
    await Promise.all(participants.map(({ speaker }) => speaker.stop()));
    await Promise.all(participants.map(({ speaker }) => speaker.leave()));
    return {
      lags: participants.flatMap(lagsOf),
      refusedChunks: participants.reduce((sum, { speaker }) => sum + speaker.refusals, 0),
      captions: participants.reduce((sum, { captions }) => sum + captions.length, 0),
      wordsSpoken: participants.reduce((sum, { speaker }) => sum + speaker.speech.words.length, 0),
      allRecognized: participants.every(isAllRecognized),
    };
  },
} satisfies SpeechLoad);
