import { describe, expect, test } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import { openStore } from '../../db/open.ts';
import type { Change, ChangeOutcome, Store } from '../../db/store.ts';
import { addPerson, addRoom, appending, NOBODY, typed, upTo } from '../../db/testing/material.ts';
import { type CountedBus, createCountedBus } from '../../testing/countedBus.ts';
import { settled } from '../../testing/settled.ts';
import { createWriter, type Writer } from './writer.ts';

type Scene = {
  store: Store;
  bus: CountedBus;
  writer: Writer;
  batches: Change[][];
  ada: User;
  room: string;
};

/** A writer over a real store. `afterCommit` delays the answer of each commit. */
async function openScene(
  afterCommit: () => Promise<void> = async () => {},
): Promise<Scene & AsyncDisposable> {
  const store = await openStore('sqlite::memory:');
  const bus = createCountedBus();
  const batches: Change[][] = [];
  const commitChanges = async (changes: Change[]): Promise<ChangeOutcome[]> => {
    batches.push(changes);
    const outcomes = await store.commitChanges(changes);
    await afterCommit();
    return outcomes;
  };
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const writer = createWriter({ commitChanges }, bus);
  return { store, bus, writer, batches, ada, room, [Symbol.asyncDispose]: store.close };
}

describe('the writer', () => {
  test('answers and publishes a message only after the commit', async () => {
    const commit = Promise.withResolvers<void>();
    await using scene = await openScene(() => commit.promise);
    let acked = false;
    const answer = scene.writer.write(appending(typed(scene.room, scene.ada))).then((message) => {
      acked = true;
      return message;
    });
    await settled();
    expect([acked, scene.bus.published]).toEqual([false, []]);
    commit.resolve();
    const message = await answer;
    expect(scene.bus.published).toEqual([{ roomId: scene.room, event: { type: 'message', message } }]);
    expect(await scene.store.listMessages(scene.room, { limit: 5 })).toEqual([message]);
  });

  test('commits together the changes that came during the last commit, in their order', async () => {
    await using scene = await openScene();
    const texts = upTo(40).map(String);
    const messages = await Promise.all(
      texts.map((text) => scene.writer.write(appending(typed(scene.room, scene.ada, { text })))),
    );
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(40));
    expect(messages.map(({ text }) => text)).toEqual(texts);
    expect(scene.batches.map((batch) => batch.length)).toEqual([1, 39]);
    expect(scene.bus.published.map(({ event }) => event)).toEqual(
      messages.map((message) => ({ type: 'message', message })),
    );
  });

  test('limits the size of a commit, so that no transaction grows without end', async () => {
    await using scene = await openScene();
    await Promise.all(upTo(300).map(() => scene.writer.write(appending(typed(scene.room, scene.ada)))));
    expect(scene.batches.map((batch) => batch.length)).toEqual([1, 256, 43]);
  });

  test('takes the authors in turn: a person with many messages delays another by the commit that runs', async () => {
    await using scene = await openScene();
    const { store, writer, room, ada, batches } = scene;
    const ben = await addPerson(store, 'Ben');
    const many = upTo(600).map(() => writer.write(appending(typed(room, ada))));
    const one = writer.write(appending(typed(room, ben)));
    await one;
    expect(batches.map((batch) => batch.length)).toEqual([1, 256]);
    const seqs = (await Promise.all(many)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test.each([
    ['long texts', 4_000, [1, 4, 4, 2]],
    ['texts that are longer than a commit should be', 20_000, upTo(11).map(() => 1)],
  ])('limits the text of a commit: %s', async (_, length, sizes) => {
    await using scene = await openScene();
    const { writer, room, ada, batches } = scene;
    const text = 'x'.repeat(length);
    await Promise.all(upTo(11).map(() => writer.write(appending(typed(room, ada, { text })))));
    expect(batches.map((batch) => batch.length)).toEqual(sizes);
  });

  test('commits several rooms together, and keeps the order within each room', async () => {
    await using scene = await openScene();
    const rooms = await Promise.all(upTo(8).map(() => addRoom(scene.store, scene.ada)));
    const all = await Promise.all(
      upTo(5).flatMap(() => rooms.map((room) => scene.writer.write(appending(typed(room, scene.ada))))),
    );
    for (const room of rooms) {
      expect(all.filter(({ roomId }) => roomId === room).map(({ seq }) => seq)).toEqual(upTo(5));
    }
    expect(scene.batches.length).toBeLessThan(all.length);
  });

  test('refuses only the message that cannot be stored', async () => {
    await using scene = await openScene();
    const { writer, room, ada } = scene;
    const outcomes = await Promise.allSettled([
      writer.write(appending(typed(room, ada))),
      writer.write(appending(typed(room, ada))),
      writer.write(appending(typed(room, NOBODY))),
      writer.write(appending(typed(room, ada))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(scene.bus.published.map(({ event }) => event.type === 'message' && event.message.seq)).toEqual([
      1, 2, 3,
    ]);
  });

  test('refuses all waiting messages as retryable while the store is away, and writes again when it is back', async () => {
    let isAway = true;
    await using scene = await openScene();
    const writer = createWriter(
      {
        commitChanges: async (changes) => {
          if (isAway)
            throw new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
          return scene.store.commitChanges(changes);
        },
      },
      scene.bus,
    );
    const refused = await Promise.allSettled(
      upTo(3).map(() => writer.write(appending(typed(scene.room, scene.ada)))),
    );
    expect(refused).toEqual(
      upTo(3).map(() => ({ status: 'rejected', reason: expect.objectContaining({ retryable: true }) })),
    );
    expect(scene.bus.published).toEqual([]);
    isAway = false;
    expect((await writer.write(appending(typed(scene.room, scene.ada)))).seq).toBe(1);
  });

  test('answers a repeated message with the first one, and does not publish it again', async () => {
    await using scene = await openScene();
    const message = typed(scene.room, scene.ada);
    const first = await scene.writer.write(appending(message));
    expect(await scene.writer.write(appending(message))).toEqual(first);
    expect(scene.bus.published).toHaveLength(1);
  });

  test('waits in `drain` for the changes that were written before', async () => {
    const commit = Promise.withResolvers<void>();
    await using scene = await openScene(() => commit.promise);
    const kept = scene.writer.write(appending(typed(scene.room, scene.ada)));
    let drained = false;
    const drain = scene.writer.drain().then(() => {
      drained = true;
    });
    await settled();
    expect(drained).toBe(false);
    commit.resolve();
    await drain;
    expect((await kept).seq).toBe(1);
    await scene.writer.drain();
  });
});
