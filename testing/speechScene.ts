import { encodeChunk } from '../contract/chunk.ts';
import type { CaptionEvent, User } from '../contract/types.ts';
import type { Store } from '../db/store.ts';
import { createBudget } from '../server/speech/budget.ts';
import { createCaptions } from '../server/speech/captions/captions.ts';
import { noMeter } from '../server/speech/meter.ts';
import type { SpeechParts } from '../server/speech/parts.ts';
import { AdmissionQueue } from '../server/speech/recognition/admission.ts';
import { createSpeech, type Speech } from '../server/speech/speech.ts';
import type { StartOptions } from '../server/speech/startStream.ts';
import {
  createScriptedEngine,
  type ScriptedEngine,
  type Step,
} from '../server/transcriber/testing/scripted.ts';
import type { SpeechEngine } from '../server/transcriber/transcriber.ts';
import { type ChatScene, openChat } from './chatScene.ts';
import { openGate } from './openGate.ts';

export const SAMPLE_RATE = 16_000;

/** Audio whose every sample is `sample`, so that it can be told from other audio. */
export function pcmOf(ms: number, sample = 0): Uint8Array {
  const samples = new Int16Array((SAMPLE_RATE * ms) / 1_000).fill(sample);
  return new Uint8Array(samples.buffer);
}

export type SpeechScene = ChatScene & {
  speech: Speech;
  /** What it was made of. */
  parts: SpeechParts;
  engine: ScriptedEngine;
  start: (user: User, options?: Partial<StartOptions>) => Promise<string>;
  /** Pushes 100 ms of audio, or what is given, and answers the number wanted next. */
  push: (user: User, streamId: string, seq: number, pcm?: Uint8Array) => number;
  /** What `transcripts.live` delivers to this user from now on. */
  watch: (user: User) => Promise<Watch>;
};

export type Watch = { events: CaptionEvent[]; end: Promise<unknown>; leave: () => Promise<unknown> };

type Setting = {
  script?: Step[];
  refusal?: string;
  alter?: (store: Store) => Partial<Store>;
  /** What stands around the scripted engine. */
  wrap?: (engine: SpeechEngine) => SpeechEngine;
  fallback?: SpeechEngine | null;
  /** Calls of the engine at a time. */
  places?: number;
  dailyMinutes?: number | null;
  /** Otherwise everything is let through. */
  newGate?: SpeechParts['newGate'];
};

/** Speech over a real store in memory, with an engine that follows a script. */
export async function openSpeech({
  script = [],
  refusal,
  alter,
  wrap,
  fallback = null,
  places = 25,
  dailyMinutes = null,
  newGate = openGate,
}: Setting = {}): Promise<SpeechScene> {
  const chat = await openChat(alter);
  const { store, bus, access, writer, log, memberWatch: watch } = chat;
  const engine = createScriptedEngine(script, refusal);
  const captions = createCaptions({ bus, watch, turns: chat.turns });
  const choice = { engine: wrap?.(engine) ?? engine, fallback };
  const parts: SpeechParts = {
    ...{ choice, store, bus, access, writer, captions, watch, log },
    budget: createBudget(store, { minutes: dailyMinutes, log }),
    admission: new AdmissionQueue({ maxCalls: places, startsPerSecond: 1_000 }),
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
      speech.push(user, encodeChunk({ streamId, seq, pcm })).nextSeq,
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
      await chat[Symbol.asyncDispose]();
    },
  };
}
