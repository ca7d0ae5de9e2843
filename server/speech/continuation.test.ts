import { randomUUIDv7 } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { settled } from '../../testing/settled.ts';
import { again, another } from '../../testing/speech/anotherProcess.ts';
import { openSpeech, pcmOf, type SpeechScene, statesOf } from '../../testing/speech/speechScene.ts';
import { suspendingGate } from '../../testing/speech/suspendingGate.ts';
import type { Step } from '../transcriber/testing/scripted.ts';
import type { Speech } from './speech.ts';

const ended = (heardSeq: number, heardSamples: number, endedBecause: string) =>
  expect.objectContaining({
    ...{ code: 'CONFLICT', reason: 'stream_ended', retryable: false },
    details: { endedBecause, heardSeq, heardSamples },
  });
const UNKNOWN = expect.objectContaining({ code: 'NOT_FOUND', reason: 'stream_unknown' });

async function saidIn({ store, roomId }: SpeechScene): Promise<(string | null)[]> {
  return (await store.listSpoken(roomId, { limit: 50 })).map(({ text }) => text);
}

afterEach(() => void vi.useRealTimers());

describe('a client that keeps its audio is told', () => {
  test('the next chunk, and how far the words are saved', async () => {
    const script: Step[] = ['nothing', { final: 'one' }, { partial: 'two' }, 'nothing', { final: 'two' }];
    await using scene = await openSpeech({ script });
    const streamId = await scene.start(scene.ada);
    const places = [];
    for (let seq = 0; seq < 5; seq += 1) {
      scene.push(scene.ada, streamId, seq);
      await settled();
      await settled();
      places.push((await again(scene.speech, scene.ada, streamId)).heardUntil.seq);
    }
    expect(places).toEqual([0, 2, 2, 2, 5]);
    expect(await again(scene.speech, scene.ada, streamId)).toEqual({
      nextSeq: 5,
      heardUntil: { seq: 5, samples: 0 },
    });
  });

  test('that silence needs no words to be saved', async () => {
    await using scene = await openSpeech({ script: [{ final: 'one' }], newGate: suspendingGate });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0, pcmOf(100, 1));
    for (let seq = 1; seq < 100; seq += 1) scene.push(scene.ada, streamId, seq, pcmOf(100, 0));
    await settled();
    await settled();
    // The last two seconds may yet be the beginning of a word.
    expect((await again(scene.speech, scene.ada, streamId)).heardUntil).toEqual({ seq: 80, samples: 0 });
  });

  test('nothing more than that the database has it', async () => {
    let isAway = true;
    const away = new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
    await using scene = await openSpeech({
      script: [{ final: 'one' }],
      alter: (store) => ({
        commitChanges: (changes) => (isAway ? Promise.reject(away) : store.commitChanges(changes)),
      }),
    });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await settled();
    expect((await again(scene.speech, scene.ada, streamId)).heardUntil).toEqual({ seq: 0, samples: 0 });
    isAway = false;
    await vi.waitFor(async () => {
      expect((await again(scene.speech, scene.ada, streamId)).heardUntil).toEqual({ seq: 1, samples: 0 });
    });
  });

  test('after the end of its stream, that all which was accepted is saved', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'one' }] });
    await using other = another(scene);
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 7; seq += 1) scene.push(scene.ada, streamId, seq);
    await scene.speech.stop(scene.ada, streamId);
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toEqual(ended(7, 0, 'stopped'));
    await expect(again(other.speech, scene.ada, streamId)).rejects.toEqual(ended(7, 0, 'ended'));
  });

  test('the same of an unknown stream, of an impossible one and of somebody else’s, after the same queries', async () => {
    const asked: string[] = [];
    await using scene = await openSpeech({
      alter: (store) => ({
        findStream: (...args) => {
          asked.push('find');
          return store.findStream(...args);
        },
        sealStream: (...args) => {
          asked.push('seal');
          return store.sealStream(...args);
        },
      }),
    });
    const adas = await scene.start(scene.ada);
    for (const streamId of [adas, randomUUIDv7(), '00000000-0000-0000-0000-000000000000']) {
      await expect(again(scene.speech, scene.ben, streamId)).rejects.toEqual(UNKNOWN);
      expect(asked.splice(0)).toEqual(['find']);
    }
    expect(scene.push(scene.ada, adas, 0)).toBe(1);
  });
});

describe('a stream of another process', () => {
  test('is finished by that process if it lives: its words are saved, and not to be said again', async () => {
    await using scene = await openSpeech();
    await using old = another(scene, ['nothing', { final: 'one' }, { partial: 'two' }]);
    const watch = await scene.watch(scene.ben);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 4);
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toEqual(ended(4, 0, 'ended'));
    expect(await saidIn(scene)).toEqual(['one', 'two']);
    await settled();
    expect(statesOf(watch.events).at(-1)).toBe('ended taken_over');
    await watch.leave();
  });

  test('goes on there if the client keeps no audio', async () => {
    await using scene = await openSpeech();
    await using old = another(scene);
    const streamId = await old.start(scene.ada);
    expect(() => scene.speech.resume(scene.ada, streamId, false)).toThrowError(UNKNOWN);
    const fresh = scene.speech.resumeKept(scene.ada, { streamId, fresh: true }, (task) => task());
    await expect(fresh).rejects.toEqual(UNKNOWN);
    await old.push(scene.ada, streamId, 0, 1);
    expect((await again(old.speech, scene.ada, streamId)).nextSeq).toBe(1);
  });

  test('that is frozen is shut out: what it has not saved is said again, and saved once', async () => {
    await using scene = await openSpeech({ script: ['nothing', { final: 'two' }] });
    await using old = another(scene, ['nothing', { final: 'one' }, 'nothing', { final: 'two' }]);
    const watch = await scene.watch(scene.ben);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 3);
    old.isFrozen = true;
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toEqual(ended(2, 0, 'server_lost'));
    await settled();
    expect(statesOf(watch.events).at(-1)).toBe('ended server_lost');
    const next = await scene.start(scene.ada);
    for (let seq = 0; seq < 2; seq += 1) scene.push(scene.ada, next, seq);
    await vi.waitFor(async () => expect(await saidIn(scene)).toEqual(['one', 'two']));
    // The old process goes on, and its engine gives the words that are said again.
    old.isFrozen = false;
    await old.push(scene.ada, streamId, 3, 1);
    await vi.waitFor(() => expect(statesOf(watch.events)).toContain('ended taken_over'));
    expect(await saidIn(scene)).toEqual(['one', 'two']);
    const finals = watch.events.flatMap((event) => (event.type === 'final' ? [event.utterance.text] : []));
    expect(finals).toEqual(['one', 'two']);
    // Its speaker hears the same answer in every process.
    await expect(again(old.speech, scene.ada, streamId)).rejects.toEqual(ended(2, 0, 'ended'));
    await watch.leave();
  });

  test('gives the same answer to two who go on with it at once', async () => {
    await using scene = await openSpeech();
    await using old = another(scene, [{ final: 'one' }]);
    await using third = another(scene);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 2);
    old.isFrozen = true;
    const answers = await Promise.allSettled(
      [scene.speech, third.speech].map((speech) => again(speech, scene.ada, streamId)),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({ reason: { details: { heardSeq: 1, heardSamples: 0 } } });
    }
  });

  test('that takes its time for the last words is waited for', async () => {
    await using scene = await openSpeech();
    await using old = another(scene, [{ partial: 'one' }, 'hang']);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 2);
    const finishing = { reason: 'stream_finishing', retryable: true, retryAfterMs: 500 };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], fakeNodeBuiltins: true });
    const wait = async (ms: number) => {
      for (let waited = 0; waited < ms; waited += 100) {
        await vi.advanceTimersByTimeAsync(100);
        await settled();
      }
    };
    const ask = (speech: Speech) => again(speech, scene.ada, streamId).catch((error: unknown) => error);
    const here = ask(scene.speech);
    await wait(200);
    const there = ask(old.speech);
    await wait(2_200);
    vi.useRealTimers();
    expect(await here).toMatchObject(finishing);
    expect(await there).toMatchObject(finishing);
  });

  test('whose end is forced keeps what is not saved for the next process', async () => {
    await using scene = await openSpeech();
    const old = another(scene, [{ final: 'one' }, 'nothing', 'hang']);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 3);
    await old.speech.close(0);
    await expect(again(old.speech, scene.ada, streamId)).rejects.toEqual(ended(1, 0, 'ended'));
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toEqual(ended(1, 0, 'ended'));
    await old[Symbol.asyncDispose]();
  });

  test('is asked for again after the database was away', async () => {
    let isAway = false;
    const away = new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
    const orAway =
      <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
      (...args: A) =>
        isAway ? Promise.reject(away) : call(...args);
    await using scene = await openSpeech({
      alter: ({ findStream, sealStream }) => ({
        findStream: orAway(findStream),
        sealStream: orAway(sealStream),
      }),
    });
    await using old = another(scene, [{ final: 'one' }]);
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 2);
    [old.isFrozen, isAway] = [true, true];
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toBe(away);
    isAway = false;
    await expect(again(scene.speech, scene.ada, streamId)).rejects.toEqual(ended(1, 0, 'server_lost'));
  });

  test('goes on in a process without an engine no more than any other', async () => {
    await using scene = await openSpeech();
    await using old = another(scene, [{ final: 'one' }]);
    await using mute = another(scene, [], { choice: { engine: null, reason: 'Off.' } });
    const streamId = await old.start(scene.ada);
    await old.push(scene.ada, streamId, 0, 1);
    old.isFrozen = true;
    await expect(again(mute.speech, scene.ada, streamId)).rejects.toEqual(ended(1, 0, 'server_lost'));
    await expect(mute.start(scene.ada)).rejects.toMatchObject({ reason: 'speech_off' });
  });

  test('does not go on for somebody who is not a member any more', async () => {
    await using scene = await openSpeech();
    await using old = another(scene, [{ final: 'one' }]);
    const streamId = await old.start(scene.ben);
    await old.push(scene.ben, streamId, 0, 1);
    old.isFrozen = true;
    await scene.rooms.leave(scene.ben, scene.roomId);
    await expect(again(scene.speech, scene.ben, streamId)).rejects.toEqual(ended(1, 0, 'server_lost'));
    await expect(scene.start(scene.ben)).rejects.toMatchObject({ reason: 'not_member' });
  });
});
