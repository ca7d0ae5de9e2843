import { randomUUID } from 'node:crypto';
import { encodeChunk } from '../../contract/chunk.ts';
import type { User } from '../../contract/types.ts';
import type { Bus } from '../../server/bus/bus.ts';
import { createCaptions } from '../../server/speech/captions/captions.ts';
import { createEnginePlaces } from '../../server/speech/enginePlaces.ts';
import type { SpeechParts } from '../../server/speech/parts.ts';
import { createSpeech, type Speech } from '../../server/speech/speech.ts';
import { createScriptedEngine, type Step } from '../../server/transcriber/testing/scripted.ts';
import { settled } from '../settled.ts';
import { pcmOf, SAMPLE_RATE, type SpeechScene } from './speechScene.ts';

/** The options of a stream, besides its room. */
export const OPTIONS = { language: 'en-US', sampleRate: SAMPLE_RATE, takeOver: false };

type Process = AsyncDisposable & {
  speech: Speech;
  isFrozen: boolean;
  start: (user: User) => Promise<string>;
  /** Pushes chunks of 100 ms. */
  push: (user: User, streamId: string, from: number, count: number) => Promise<void>;
};

/**
 * Another process of the same server: it shares the database and the bus. While it is frozen, the bus does not reach it.
 * @param script what its engine hears.
 */
export function another(scene: SpeechScene, script: Step[] = [], more: Partial<SpeechParts> = {}): Process {
  const bus: Bus = {
    ...scene.bus,
    subscribe: (roomId, listener) =>
      scene.bus.subscribe(roomId, (event) => {
        if (!process.isFrozen) listener(event);
      }),
  };
  const { memberWatch: watch, turns, roomId } = scene;
  const captions = createCaptions({ process: randomUUID(), bus, watch, turns });
  const engine = createScriptedEngine(script);
  const [choice, admission] = [{ engine, fallback: null }, createEnginePlaces([{ engine, maxCalls: 25 }])];
  const speech = createSpeech({ ...scene.parts, bus, captions, choice, admission, ...more });
  const options = { ...OPTIONS, roomId };
  const process: Process = {
    ...{ speech, isFrozen: false },
    start: async (user) => (await speech.start(user, options)).streamId,
    async push(user, streamId, from, count) {
      for (let seq = from; seq < from + count; seq += 1) {
        speech.push(user, encodeChunk({ streamId, seq, pcm: pcmOf(100, 1) }));
        await settled();
      }
    },
    async [Symbol.asyncDispose]() {
      await speech.close(0);
      captions.close();
    },
  };
  return process;
}

const atOnce = <T>(task: () => Promise<T>) => task();

/** Asks how a stream goes on, as a client that keeps its audio. */
export const again = (speech: Speech, user: User, streamId: string) =>
  speech.resumeKept(user, { streamId, fresh: false }, atOnce);
