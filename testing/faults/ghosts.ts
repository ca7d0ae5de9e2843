import { setTimeout as sleep } from 'node:timers/promises';
import { encodeChunk } from '../../contract/chunk.ts';
import { createRandom } from '../../server/transcriber/testing/random.ts';
import { binaryClient } from '../clients.ts';
import { NumberedSpeech, SAMPLE_RATE } from './numberedSpeech.ts';
import { UP_TO_DATE_MS, type View } from './page.ts';
import { guest } from './person.ts';
import { timeOf } from './wordAudit.ts';

/** After this time nobody may be shown who is gone: the promise of the design. */
const GONE_MS = 15_000;
/** A page that is cut off by other faults is back within this time. */
const OFFLINE_MS = 90_000;
const CHECK_MS = 250;
const ENTER_MS = 5_000;
/** A second of speech, so that a partial is open. */
const CHUNKS = 10;

/** Whether a page shows this person as present, as speaking, or with a line that is not finished. */
export function showsPerson({ present, board }: View, userId: string): boolean {
  return present.has(userId) || showsSpeaker(board, userId);
}

function showsSpeaker({ streams, lines }: View['board'], userId: string): boolean {
  const speaks = streams.some(({ speaker, state }) => speaker.id === userId && state !== 'ended');
  return speaks || lines.some(({ speaker, seq }) => speaker.id === userId && seq === null);
}

/** Whether a page shows anybody as speaking, or a line that is not finished. */
export function showsSpeech({ board }: View): boolean {
  const speakers = [...board.streams, ...board.lines].map(({ speaker }) => speaker.id);
  return speakers.some((userId) => showsSpeaker(board, userId));
}

/**
 * Waits until no page shows what is gone, at most as long as that may take. A page that is not connected cannot know, so
 * it has a little longer. @returns the views of the pages that still show it.
 */
export async function waitUntilGone(
  views: () => View[],
  shows: (view: View) => boolean,
  withinMs = GONE_MS,
): Promise<View[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = views().filter(shows);
    const isLate = performance.now() > deadline;
    if (left.length === 0 || (isLate && left.every(isUpToDate)) || performance.now() > deadline + OFFLINE_MS)
      return left;
    await sleep(CHECK_MS);
  }
}

function isUpToDate({ connectedAt = Number.POSITIVE_INFINITY }: View): boolean {
  return performance.now() - connectedAt > UP_TO_DATE_MS;
}

/** A line that says who sees whom. */
export function ghostIn({ person, present, board }: View, name: string): string {
  const shown = `${present.size} present, ${board.streams.length} streams, ${board.lines.length} lines`;
  return `ghost: ${person} still sees ${name} at ${timeOf(Date.now())} (${shown})`;
}

/** The people who were lost together with their server. Nobody may see them for long. */
export class PassersBy {
  /** A line for each page that still shows somebody who is gone. */
  readonly ghosts: string[] = [];
  readonly #views: () => View[];
  readonly #checks: Promise<void>[] = [];
  #count = 0;

  /** @param views the pages of everybody who stays. */
  constructor(views: () => View[]) {
    this.#views = views;
  }

  /**
   * Somebody enters a room by this server and speaks. @returns a function that makes them vanish: call it in the moment
   * in which the server is killed, because then nobody can say goodbye.
   */
  async enter(address: string, roomId: string): Promise<() => void> {
    this.#count += 1;
    const limit = AbortSignal.timeout(ENTER_MS);
    const passerBy = await enterAndSpeak(address, roomId, `Passer-by ${this.#count}`, limit).catch(
      () => null,
    );
    // Another fault may still last. Then nobody passes by.
    if (!passerBy) return () => {};
    return () => {
      passerBy.vanish();
      this.#checks.push(this.#check(passerBy));
    };
  }

  /** Resolves when it is known who is still seen. */
  async settled(): Promise<void> {
    await Promise.all(this.#checks);
  }

  async #check({ userId, name }: { userId: string; name: string }): Promise<void> {
    const left = await waitUntilGone(this.#views, (view) => showsPerson(view, userId));
    this.ghosts.push(...left.map((view) => ghostIn(view, name)));
  }
}

async function enterAndSpeak(address: string, roomId: string, name: string, signal: AbortSignal) {
  const { token, user } = await guest(address, name);
  const { trpc, close } = binaryClient(address, token);
  try {
    await trpc.rooms.join.mutate({ roomId }, { signal });
    trpc.messages.live.subscribe({ roomId }, {});
    const stream = { roomId, language: 'en-US', sampleRate: SAMPLE_RATE };
    const { streamId } = await trpc.transcripts.start.mutate(stream, { signal });
    const speech = new NumberedSpeech(createRandom(0));
    for (let seq = 0; seq < CHUNKS; seq += 1) {
      const chunk = encodeChunk({ streamId, seq, pcm: speech.nextChunk(Date.now()) });
      await trpc.transcripts.push.mutate(chunk, { signal });
    }
    return { userId: user.id, name, vanish: () => void close() };
  } catch (error) {
    void close();
    throw error;
  }
}
