import { describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { CaptionEvent, Utterance } from '../../contract/types.ts';
import type { Change } from '../../db/store.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech } from '../../testing/speech/speechScene.ts';
import { iso, utteranceAt } from '../../testing/utterance.ts';
import { fromMessage, toMessage, Utterances } from './utterances.ts';

const ada = { id: 'ada', name: 'Ada' };
const away = () => new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });

const utterances = (events: CaptionEvent[]): Utterance[] =>
  events.flatMap((event) => (event.type === 'stream' ? [] : [event.utterance]));

const appends = (change: Change | undefined, text: string) =>
  change?.type === 'append' && change.message.text === text;

describe('an utterance', () => {
  test('keeps its id from its first partial to its final, which is a message with the same id', async () => {
    const script = [{ partial: 'he' }, { partial: 'hello' }, { final: 'hello there' }, { final: 'bye' }];
    await using scene = await openSpeech({ script });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1, 2, 3]) scene.push(scene.ada, streamId, seq);
    expect((await scene.speech.stop(scene.ada, streamId)).utterances).toBe(2);
    await settled();

    const published = utterances(watch.events);
    const [hello, , , bye] = published;
    expect(published.map(({ id }) => id)).toEqual([hello?.id, hello?.id, hello?.id, bye?.id]);
    expect(bye?.id).not.toBe(hello?.id);
    expect(published.map(({ seq }) => seq)).toEqual([null, null, 1, 2]);
    expect(published.map(({ endedAt }) => endedAt === null)).toEqual([true, true, false, false]);

    const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 5 });
    expect(items.map(({ id, seq }) => [id, seq])).toEqual([
      [hello?.id, 1],
      [bye?.id, 2],
    ]);
    expect(items[0]).toMatchObject({
      kind: 'speech',
      text: 'hello there',
      author: { id: scene.ada.id, name: 'Ada' },
      clientId: null,
      speech: { streamId, language: 'en-US', engine: 'sherpa', confidence: 0.5 },
    });
    await watch.leave();
  });

  test('is listed later as it was published', async () => {
    await using scene = await openSpeech({ script: [{ final: '안녕' }] });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    await scene.speech.stop(scene.ada, streamId);
    await scene.say(scene.ben, 'typed');
    await settled();
    const list = await scene.speech.list(scene.ben, { roomId: scene.roomId, limit: 5 });
    expect(list).toEqual({ items: utterances(watch.events), hasMore: false });
    await watch.leave();
  });

  test('that is a gap is saved and read as a gap', () => {
    const gap = utteranceAt('', 60, { gap: 'network', words: [], endedAt: iso(72), seq: null });
    const kept = { ...toMessage(gap), seq: 7, rev: 7, reactions: [], editedAt: null, deletedAt: null };
    expect(fromMessage(kept)).toEqual({ ...gap, seq: 7 });
  });

  test('gets a new id when an engine uses the id of a finished one again', () => {
    const utterances = new Utterances({ streamId: 's', roomId: 'r', engine: 'aws', speaker: ada });
    const event = { ...utteranceAt('word', 0), utteranceId: 'engine-1', start: 0, end: 1 };
    const idOf = (type: 'partial' | 'final') => utterances.from({ ...event, type }, 'aws', () => 0).id;
    const [first, second] = [idOf('partial'), idOf('final')];
    expect(second).toBe(first);
    expect(idOf('partial')).not.toBe(first);
  });

  test('is read neither from a typed message nor from a removed one', () => {
    const message = {
      ...toMessage(utteranceAt('gone', 0)),
      ...{ seq: 7, rev: 7, reactions: [], editedAt: null, deletedAt: null },
    };
    expect(fromMessage({ ...message, text: null })).toBeNull();
    expect(fromMessage({ ...message, speech: null })).toBeNull();
  });

  test('that is finished while the database is away is saved once when it is back', async () => {
    let failures = 2;
    await using scene = await openSpeech({
      script: [{ final: 'not lost' }],
      alter: (store) => ({
        commitChanges: async (changes) => {
          if (failures === 1) await store.commitChanges(changes);
          if (failures > 0) {
            failures -= 1;
            throw away();
          }
          return store.commitChanges(changes);
        },
      }),
    });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    expect((await scene.speech.stop(scene.ada, streamId)).utterances).toBe(1);
    const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 5 });
    expect(items.map(({ text, seq }) => [text, seq])).toEqual([['not lost', 1]]);
    await settled();
    expect(utterances(watch.events).map(({ id, seq }) => [id, seq])).toEqual([[items[0]?.id, 1]]);
    expect(scene.log.notes.map(({ message }) => message)).toEqual(
      Array(2).fill('could not save an utterance'),
    );
    await watch.leave();
  });

  test('is not given up while the database is away, even after the time an engine has to finish', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let isAway = true;
    await using scene = await openSpeech({
      script: [{ final: 'not lost' }],
      alter: (store) => ({
        commitChanges: async (changes) => {
          if (isAway) throw away();
          return store.commitChanges(changes);
        },
      }),
    });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    const stopped = scene.speech.stop(scene.ada, streamId);
    await settled();
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    await settled();
    isAway = false;
    expect((await stopped).utterances).toBe(1);
  });

  test('is given up when the server must stop', async () => {
    const commitChanges = () => Promise.reject(away());
    await using scene = await openSpeech({ script: [{ final: 'lost' }], alter: () => ({ commitChanges }) });
    const streamId = await scene.start(scene.ada);
    scene.push(scene.ada, streamId, 0);
    const stopped = scene.speech.stop(scene.ada, streamId);
    await scene.speech.close(1);
    expect((await stopped).utterances).toBe(0);
    expect(scene.bus.listeners()).toBe(0);
  });

  test('that the database refuses is shown and not retried, and the next one is saved', async () => {
    await using scene = await openSpeech({
      script: [{ final: 'first' }, { final: 'second' }],
      alter: (store) => ({
        commitChanges: async (changes) =>
          appends(changes[0], 'first') ? [{ error: new Error('refused') }] : store.commitChanges(changes),
      }),
    });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (const seq of [0, 1]) scene.push(scene.ada, streamId, seq);
    expect((await scene.speech.stop(scene.ada, streamId)).utterances).toBe(1);
    await settled();
    expect(utterances(watch.events).map(({ text, seq }) => [text, seq])).toEqual([
      ['first', null],
      ['second', 1],
    ]);
    await watch.leave();
  });
});
