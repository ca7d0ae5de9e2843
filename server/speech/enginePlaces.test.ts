import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { User } from '../../contract/types.ts';
import { addPerson } from '../../db/testing/material.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech, pcmOf, type SpeechScene, type Watch } from '../../testing/speech/speechScene.ts';
import { createAwsEngine } from '../transcriber/aws/engine.ts';
import { createScriptedEngine, type Step } from '../transcriber/testing/scripted.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';
import { createEnginePlaces } from './enginePlaces.ts';

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const;

/** An engine whose calls run until they are aborted, and that counts them. */
function createEngine(startsPerSecond?: number): SpeechEngine {
  return { ...createScriptedEngine(['hang']), ...(startsPerSecond && { startsPerSecond }) };
}

/** Asks for a number of calls of an engine, and notes who may start and who is told a place. */
function request(admission: ReturnType<typeof createEnginePlaces>, engine: SpeechEngine, count: number) {
  const asked = Array.from({ length: count }, () => ({
    place: 0,
    release: undefined as (() => void) | undefined,
    abort: new AbortController(),
  }));
  for (const one of asked) {
    const onPlace = (place: number) => {
      one.place = place;
    };
    admission.acquire({ engine, isResuming: false, signal: one.abort.signal, onPlace }).then(
      (release) => {
        one.release = release;
      },
      () => {},
    );
  }
  const admitted = () => asked.filter(({ release }) => release).length;
  return { asked, admitted };
}

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }));
afterEach(() => void vi.useRealTimers());

/** Advances the clock second by second, and lets pending work finish after each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settled();
  }
}

describe('places of an engine', () => {
  test('are all given at once, unless the service limits the starts in a second', async () => {
    const [local, service] = [createEngine(), createEngine(10)];
    const admission = createEnginePlaces([
      { engine: local, maxCalls: 120 },
      { engine: service, maxCalls: 120 },
    ]);
    const [ofLocal, ofService] = [request(admission, local, 120), request(admission, service, 120)];
    await vi.advanceTimersByTimeAsync(0);
    expect([ofLocal.admitted(), ofService.admitted()]).toEqual([120, 1]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ofService.admitted()).toBe(51);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(ofService.admitted()).toBe(120);
  });

  test('that are free, but not to be had within a second, are waited for with a place', async () => {
    const engine = createEngine(10);
    const admission = createEnginePlaces([{ engine, maxCalls: 120 }]);
    const { asked, admitted } = request(admission, engine, 30);
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted()).toBe(1);
    // Within a second ten more start; they have no place to show.
    expect(asked.slice(1, 11).map(({ place }) => place)).toEqual(Array(10).fill(0));
    expect(asked.slice(12).every(({ place }) => place > 0)).toBe(true);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(asked.at(-1)?.place).toBeLessThan(10);
  });

  test('are its own: neither a full queue nor a refusal of another engine holds it up', async () => {
    const [first, fallback] = [createEngine(), createEngine()];
    const queue: number[] = [];
    const admission = createEnginePlaces(
      [
        { engine: first, maxCalls: 1 },
        { engine: fallback, maxCalls: 2 },
      ],
      (waiting) => queue.push(waiting),
    );
    const ofFirst = request(admission, first, 3);
    admission.throttle(first);
    const ofFallback = request(admission, fallback, 3);
    await vi.advanceTimersByTimeAsync(0);
    expect([ofFirst.admitted(), ofFallback.admitted()]).toEqual([1, 2]);
    expect(ofFallback.asked[2]?.place).toBe(1);
    expect(queue.at(-1)).toBe(3);
    for (const { abort } of [...ofFirst.asked, ...ofFallback.asked]) abort.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(queue.at(-1)).toBe(0);
  });

  test('become fewer for the engine that refused a call, and only for that one', async () => {
    const [refused, other] = [createEngine(), createEngine()];
    const admission = createEnginePlaces([refused, other].map((engine) => ({ engine, maxCalls: 2 })));
    const asked = [request(admission, refused, 3), request(admission, other, 3)];
    await vi.advanceTimersByTimeAsync(0);
    admission.throttle(refused);
    for (const { asked: calls } of asked) calls[0]?.release?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.map(({ admitted }) => admitted())).toEqual([2, 3]);
  });

  test('of the service are paced, and those of an engine on this machine are not', async () => {
    const aws = createAwsEngine({ region: 'eu-west-1' });
    expect(aws.startsPerSecond).toBe(10);
    await aws.close();
  });
});

test('120 who speak at once are heard at once if there are places, and who has none is told so within a second', async () => {
  const engine = createScriptedEngine([{ partial: 'heard' }]);
  await using scene = await openSpeech({ wrap: () => engine, places: 120 });
  const watch = await scene.watch(scene.ben);
  const streamIds: string[] = [];
  for (let i = 0; i < 123; i += 1) {
    const person = await addPerson(scene.store);
    await scene.store.addMember(scene.roomId, person.id, new Date());
    const streamId = await scene.start(person);
    scene.push(person, streamId, 0, pcmOf(1_000, 1));
    streamIds.push(streamId);
  }
  await settled();
  expect(engine.streams).toHaveLength(120);
  await pass(1);
  const lastState = (streamId: string) => {
    const last = watch.events.findLast((event) => event.type === 'stream' && event.streamId === streamId);
    return last?.type === 'stream' ? `${last.state} ${last.reason ?? ''} ${last.place ?? ''}`.trim() : '';
  };
  const queued = [1, 2, 3].map((place) => `paused queued ${place}`);
  expect(streamIds.map(lastState)).toEqual([...Array(120).fill('listening'), ...queued]);
  await watch.leave();
});

describe('when a first engine is away and its streams fail over', () => {
  const STREAMS = 12;
  const FALLBACK_PLACES = 2;

  async function open(firstScript: (call: number) => Step[]) {
    const first = createScriptedEngine(firstScript);
    const fallback = { ...createScriptedEngine([{ partial: 'heard' }]), name: 'pocketsphinx' as const };
    const scene = await openSpeech({
      ...{ wrap: () => first, fallback, places: STREAMS, fallbackPlaces: FALLBACK_PLACES },
    });
    const watch = await scene.watch(scene.ben);
    const streams: { person: User; streamId: string; seq: number }[] = [];
    for (let i = 0; i < STREAMS; i += 1) {
      const person = await addPerson(scene.store);
      await scene.store.addMember(scene.roomId, person.id, new Date());
      streams.push({ person, streamId: await scene.start(person), seq: 0 });
    }
    /** All speak for so many seconds. @returns the most fallback calls that ran at a time. */
    const speak = async (seconds: number): Promise<number> => {
      let most = 0;
      for (let second = 0; second < seconds; second += 1) {
        for (const stream of streams) {
          stream.seq = scene.push(stream.person, stream.streamId, stream.seq, pcmOf(1_000, 1));
        }
        await pass(1);
        most = Math.max(most, fallback.streams.filter(({ freed }) => !freed).length);
      }
      return most;
    };
    return { scene, watch, first, fallback, streams, speak };
  }

  /** The last state of each stream. */
  const lastStates = (watch: Watch) => {
    const last = new Map<string, string>();
    for (const event of watch.events) {
      if (event.type === 'stream') last.set(event.streamId, `${event.state} ${event.reason ?? ''}`);
    }
    return [...last.values()];
  };

  const failing = (): Step[] => [{ fail: new Error('The engine is away.') }];

  test('they queue for the places of the fallback, and who waits is not told that an engine listens', async () => {
    const { scene, watch, speak } = await open(failing);
    await using _ = scene as SpeechScene;
    expect(await speak(18)).toBe(FALLBACK_PLACES);
    const states = lastStates(watch);
    expect(states.filter((state) => state.startsWith('listening'))).toEqual(
      Array(FALLBACK_PLACES).fill('listening '),
    );
    expect(states.filter((state) => state === 'paused queued')).toHaveLength(STREAMS - FALLBACK_PLACES);
    await watch.leave();
  });

  test('and it is back, those that still wait for the fallback return to it', async () => {
    let isAway = true;
    const { scene, watch, first, fallback, speak } = await open(() =>
      isAway ? failing() : [{ partial: 'heard' }],
    );
    await using _ = scene as SpeechScene;
    await speak(18);
    isAway = false;
    expect(await speak(15)).toBe(FALLBACK_PLACES);
    expect(first.streams.filter(({ freed }) => !freed)).toHaveLength(STREAMS - FALLBACK_PLACES);
    expect(fallback.streams.filter(({ freed }) => !freed)).toHaveLength(FALLBACK_PLACES);
    expect(lastStates(watch).every((state) => state.startsWith('listening'))).toBe(true);
    await scene.speech.close(0);
    // Every place is free again.
    for (const [engine, places] of [
      [scene.parts.choice.engine, STREAMS],
      [fallback, FALLBACK_PLACES],
    ] as const) {
      const again = request(scene.parts.admission, engine as SpeechEngine, places);
      await pass(0);
      await vi.advanceTimersByTimeAsync(0);
      expect(again.admitted()).toBe(places);
    }
    await watch.leave();
  });
});
