import { setTimeout as sleep } from 'node:timers/promises';
import { Pump, type PumpStart, type PumpState } from '../../client/audio/pump.ts';
import { createRoomscribeClient } from '../../client/sdk/client.ts';
import { describeFailure } from '../../client/sdk/errors.ts';
import type { User } from '../../contract/types.ts';
import type { Random } from '../../server/transcriber/testing/random.ts';
import { CHUNK_MS, NumberedSpeech, SAMPLE_RATE, type SpokenWord } from './numberedSpeech.ts';
import { openPage, type Page } from './page.ts';
import { guest, retry } from './person.ts';

/** A person with a microphone, who uses the client of the page. */
export type Speaker = {
  user: User;
  page: Page;
  /** All words so far. */
  spoken: SpokenWord[];
  /**
   * Speaks until `signal` aborts, then ends the utterance and turns the microphone off. A page that turns it off while no
   * server is there tells the speaker alone what is lost. So the speaker goes on until there is one.
   */
  speak: (signal: AbortSignal) => Promise<void>;
  /** How often the microphone was turned off by a failure, and the person turned it on again. */
  restarts: () => number;
  leave: () => Promise<void>;
};

export type SpeakerOptions = {
  name: string;
  /** The address of the servers: a proxy's or a balancer's. */
  address: string;
  roomId: string;
  random: Random;
};

type Client = ReturnType<typeof createRoomscribeClient>;

export async function enterSpeaker({ name, address, roomId, random }: SpeakerOptions): Promise<Speaker> {
  const { token, user } = await retry(() => guest(address, name));
  const client = createRoomscribeClient({ url: address, token });
  await retry(() => client.trpc.rooms.join.mutate({ roomId }));
  const page = openPage(client.trpc, name, roomId);
  const speech = new NumberedSpeech(random);
  let restarts = 0;
  /** Whether a server takes what is said. */
  let isHeard = false;

  return {
    user,
    page,
    spoken: speech.spoken,
    async speak(signal) {
      let pump = openMicrophone({ takeOver: false });
      const stopWatching = client.connection.subscribe((state) => state === 'open' && pump.retryNow());
      const stopHurry = client.connection.hurry();
      const startedAt = Date.now();
      for (let i = 0; !signal.aborted || !speech.isPausing || !isHeard; i += 1) {
        const at = startedAt + i * CHUNK_MS;
        await sleep(Math.max(0, at + CHUNK_MS - Date.now()));
        pump.add(speech.nextChunk(at));
      }
      await pump.finish();
      stopWatching();
      stopHurry();

      function openMicrophone(start: PumpStart): Pump {
        return openPump(client, roomId, start, (state) => {
          if (state.type !== 'gap') isHeard = state.type === 'listening';
          if (state.type !== 'failed') return;
          restarts += 1;
          pump = openMicrophone({ takeOver: true });
        });
      }
    },
    restarts: () => restarts,
    async leave() {
      page.close();
      await client.close();
    },
  };
}

/** The pump of the page, as `client/state/microphone.ts` opens it. */
function openPump(
  { trpc: { transcripts } }: Client,
  roomId: string,
  start: PumpStart,
  onState: (state: PumpState) => void,
): Pump {
  const stream = { roomId, language: 'en-US', sampleRate: SAMPLE_RATE };
  return new Pump(
    {
      sampleRate: SAMPLE_RATE,
      start: (input, signal) => transcripts.start.mutate({ ...stream, ...input }, { signal }),
      resume: (from, signal) => transcripts.resume.mutate(from, { signal }),
      push: (bytes, signal) => transcripts.push.mutate(bytes, { signal }),
      stop: (streamId, signal) => transcripts.stop.mutate({ streamId }, { signal }),
      describe: describeFailure,
      onState,
    },
    start,
  );
}
