import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import type { CaptionEvent, User } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import { createBudget } from '../../server/speech/budget.ts';
import { createCaptions } from '../../server/speech/captions/captions.ts';
import { createEnginePlaces } from '../../server/speech/enginePlaces.ts';
import { noMeter } from '../../server/speech/meter.ts';
import { openGate } from '../../server/speech/microphone/openGate.ts';
import type { SpeechParts } from '../../server/speech/parts.ts';
import { type Accepted, createSpeech, type Speech } from '../../server/speech/speech.ts';
import type { StartOptions } from '../../server/speech/startStream.ts';
import {
  createScriptedEngine,
  type ScriptedEngine,
  type Step,
} from '../../server/transcriber/testing/scripted.ts';
import type { SpeechEngine } from '../../server/transcriber/transcriber.ts';
import { type ChatScene, openChat } from '../chatScene.ts';

export const SAMPLE_RATE = 16_000;

/** Audio in which every sample is `sample`, so that a test can recognise it. */
export function pcmOf(ms: number, sample = 0): Uint8Array {
  const samples = new Int16Array((SAMPLE_RATE * ms) / 1_000).fill(sample);
  return new Uint8Array(samples.buffer);
}

export type SpeechScene = ChatScene & {
  speech: Speech;
  /** The parts of `speech`. */
  parts: SpeechParts;
  engine: ScriptedEngine;
  start: (user: User, options?: Partial<StartOptions>) => Promise<string>;
  /** Pushes a chunk, by default 100 ms of silence. @returns the sequence number of the next chunk. */
  push: (user: User, streamId: string, seq: number, pcm?: Uint8Array) => number;
  /** Reads `transcripts.live` as this user from now on. */
  watch: (user: User) => Promise<Watch>;
};

/** `events`: the events so far. `end`: resolves to 'ended', or to the error that ended the subscription. */
export type Watch = { events: CaptionEvent[]; end: Promise<unknown>; leave: () => Promise<unknown> };

/** The states of streams in these events, each with its reason. */
export const statesOf = (events: CaptionEvent[]) =>
  events.flatMap((event) =>
    event.type === 'stream' ? [[event.state, event.reason].filter(Boolean).join(' ')] : [],
  );

/** Checks that no stream holds an engine call or a bus subscription. */
export function expectReleased({ engine, bus }: SpeechScene): void {
  expect(engine.streams.every(({ freed }) => freed)).toBe(true);
  expect(bus.listeners()).toBe(0);
}

type SceneOptions = {
  /** The steps of the scripted engine, one per chunk. */
  script?: Step[];
  /** The engine refuses every stream with this message. */
  refusal?: string;
  /** Replaces methods of the store. */
  alter?: (store: Store) => Partial<Store>;
  /** Wraps or replaces the scripted engine. */
  wrap?: (engine: SpeechEngine) => SpeechEngine;
  fallback?: SpeechEngine | null;
  /** How many engine calls may run at the same time. */
  places?: number;
  /** How many calls of the fallback engine may run at the same time. */
  fallbackPlaces?: number;
  dailyMinutes?: number | null;
  /** By default a gate that passes all audio. */
  newGate?: SpeechParts['newGate'];
};

/** Opens speech over a real store in memory, with an engine that follows a script. */
export async function openSpeech({
  script = [],
  refusal,
  alter,
  wrap,
  fallback = null,
  places = 25,
  fallbackPlaces = 25,
  dailyMinutes = null,
  newGate = openGate,
}: SceneOptions = {}): Promise<SpeechScene> {
  const chat = await openChat(alter);
  const { store, bus, access, writer, log, memberWatch: watch } = chat;
  const engine = createScriptedEngine(script, refusal);
  const captions = createCaptions({ process: randomUUID(), bus, watch, turns: chat.turns });
  const choice = { engine: wrap?.(engine) ?? engine, fallback };
  const parts: SpeechParts = {
    ...{ choice, store, bus, access, writer, captions, watch, log },
    budget: createBudget(store, { minutes: dailyMinutes, log }),
    admission: createEnginePlaces(
      [choice.engine, ...(fallback ? [fallback] : [])].map((one) => ({
        engine: one,
        maxCalls: one === fallback ? fallbackPlaces : places,
      })),
    ),
    meter: noMeter,
    newGate,
  };
  const speech = createSpeech(parts);
  const { roomId } = chat;
  const defaults: StartOptions = { roomId, language: 'en-US', sampleRate: SAMPLE_RATE, takeOver: false };
  return {
    ...chat,
    speech,
    parts,
    engine,
    start: async (user, options) => (await speech.start(user, { ...defaults, ...options })).streamId,
    push: (user, streamId, seq, pcm = pcmOf(100)) =>
      (speech.push(user, encodeChunk({ streamId, seq, pcm })) as Accepted).nextSeq,
    async watch(user) {
      const live = await speech.live(user, roomId);
      const events: CaptionEvent[] = [];
      const read = async () => {
        for await (const event of live) events.push(event);
        return 'ended';
      };
      return { events, end: read().catch((error: unknown) => error), leave: () => live.return() };
    },
    async [Symbol.asyncDispose]() {
      await speech.close(0);
      captions.close();
      await chat[Symbol.asyncDispose]();
    },
  };
}
