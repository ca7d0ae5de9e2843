import { setTimeout as sleep } from 'node:timers/promises';
import type { Utterance } from '../../contract/types.ts';
import { answerParent } from './answerParent.ts';
import { Speaker } from './speaker.ts';
import { CHUNK_MS, listenTo, type SongOptions } from './syntheticSpeech.ts';

/** The load, in a process of its own on a core of its own. Every one of these ends by itself. */
export type SpeechLoad = {
  /** So many people enter, each with a room, a socket and a speech stream of their own. */
  enter: (url: string, count: number) => Promise<void>;
  /** They begin to speak, one after the other, ten a second; resolves when all do, and have for `warmMs`. */
  begin: (warmMs: number) => Promise<void>;
  /** Goes on for so long. @returns for each chunk of that time, the milliseconds from its sending to its ack. */
  measure: (forMs: number) => Promise<number[]>;
  /** They stop. */
  end: () => Promise<Outcome>;
};

export type Outcome = {
  /**
   * Of that time: for each caption, the milliseconds from the sending of the chunk with which the service had heard
   * enough to say so, to the caption at a reader. What the service and the reader took is in it.
   */
  lags: number[];
  refusedChunks: number;
  captions: number;
  wordsSung: number;
  /** Whether the finals hold the words that were sung, each once and in order. */
  allHeard: boolean;
};

type Caption = { at: number; isFinal: boolean; utterance: Utterance };

/** What one speaker has sent and read. */
type Part = { song: SongOptions; speaker: Speaker; sentAt: number[]; captions: Caption[] };

const parts: Part[] = [];
let acks: number[] | undefined;
let window = { from: 0, to: 0 };
let speaking: Promise<void> | undefined;
let stopped = false;

async function enterOne(url: string, seed: number): Promise<Part> {
  const sentAt: number[] = [];
  const captions: Caption[] = [];
  const speaker = await Speaker.enter({
    url,
    name: `Speaker ${seed + 1}`,
    song: { seed },
    onAck: (seq) => acks?.push(performance.now() - (sentAt[seq] as number)),
    onCaption(event) {
      if (event.type === 'stream') return;
      captions.push({ at: performance.now(), isFinal: event.type === 'final', utterance: event.utterance });
    },
  });
  return { song: { seed }, speaker, sentAt, captions };
}

/** Everybody in turn, so that the chunks are spread evenly over time. */
async function speak(): Promise<void> {
  const from = performance.now();
  for (let n = 0; !stopped; ) {
    for (; from + (n * CHUNK_MS) / parts.length <= performance.now(); n += 1) {
      const [who, round] = [n % parts.length, Math.floor(n / parts.length)];
      const { speaker, sentAt } = parts[who] as Part;
      if (round === who) void speaker.start();
      if (!speaker.isLive) continue;
      sentAt.push(performance.now());
      speaker.push();
    }
    await sleep(1);
  }
}

function lagsOf({ song, sentAt, captions }: Part): number[] {
  const said = listenTo(song, sentAt.length);
  const lags: number[] = [];
  let next = 0;
  for (const { at, isFinal, utterance } of captions) {
    const found = said.findIndex(
      (one, i) => i >= next && one.isFinal === isFinal && one.text === utterance.text,
    );
    if (found < 0) continue;
    next = found + 1;
    const sent = sentAt[said[found]?.seq ?? 0] as number;
    if (sent >= window.from && sent < window.to) lags.push(at - sent);
  }
  return lags;
}

function isAllHeard({ speaker, captions }: Part): boolean {
  const finals = captions.filter(({ isFinal }) => isFinal);
  const heard = finals.flatMap(({ utterance }) => utterance.words.map(({ text }) => text));
  return heard.join(' ') === speaker.song.words.join(' ');
}

answerParent({
  async enter(url, count) {
    const fill = async () => {
      while (parts.length < count) {
        const seed = parts.length;
        parts.length += 1;
        parts[seed] = await enterOne(url, seed);
      }
    };
    await Promise.all(Array.from({ length: 8 }, fill));
  },

  async begin(warmMs) {
    speaking = speak();
    await sleep(parts.length * CHUNK_MS + warmMs);
  },

  async measure(forMs) {
    acks = [];
    const from = performance.now();
    await sleep(forMs);
    window = { from, to: performance.now() };
    const measured = acks;
    acks = undefined;
    return measured;
  },

  async end() {
    stopped = true;
    await speaking;
    for (const { speaker, sentAt } of parts) {
      while (!speaker.song.pauses) {
        sentAt.push(performance.now());
        speaker.push();
      }
    }
    await Promise.all(parts.map(({ speaker }) => speaker.stop()));
    await Promise.all(parts.map(({ speaker }) => speaker.leave()));
    return {
      lags: parts.flatMap(lagsOf),
      refusedChunks: parts.reduce((sum, { speaker }) => sum + speaker.refused, 0),
      captions: parts.reduce((sum, { captions }) => sum + captions.length, 0),
      wordsSung: parts.reduce((sum, { speaker }) => sum + speaker.song.words.length, 0),
      allHeard: parts.every(isAllHeard),
    };
  },
} satisfies SpeechLoad);
