import { beforeEach, expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { addRoom, append, kept, type Scene, seqs, spoken, typed, unheard, upTo } from './material.ts';

/** The store's contract: pages of a room's messages and changes. */
export function describeHistory(scene: Scene): void {
  beforeEach(async () => {
    const { store, ada, room } = scene;
    await append(
      store,
      upTo(9).map((i) => typed(room, ada, { text: `text ${i}` })),
    );
  });

  test.each([
    [{ limit: 3 }, [7, 8, 9]],
    [{ limit: 20 }, upTo(9)],
    [{ before: 5, limit: 3 }, [2, 3, 4]],
    [{ before: 1, limit: 3 }, []],
    [{ after: 5, limit: 3 }, [6, 7, 8]],
    [{ after: 0, limit: 2 }, [1, 2]],
    [{ after: 9, limit: 3 }, []],
    [{ after: 2, before: 8, limit: 2 }, [3, 4]],
  ])('the page %o contains %o', async (page, expected) => {
    expect(seqs(await scene.store.listMessages(scene.room, page))).toEqual(expected);
  });

  test('changes come in rev order, from the first after the cursor up to the limit', async () => {
    const { store, room } = scene;
    expect((await store.changesAfter(room, 4, 3)).map(({ rev }) => rev)).toEqual([5, 6, 7]);
    expect((await store.changesAfter(room, 0, 100)).map(({ rev }) => rev)).toEqual(upTo(9));
    expect(await store.changesAfter(room, 9, 100)).toEqual([]);
  });
}

/** The store's contract: spoken messages. */
export function describeSpeech(scene: Scene): void {
  const minute = (n: number) => new Date(Date.UTC(2026, 10, 23, 8, n, 0, 500));

  test('speech is stored unchanged', async () => {
    const { store, ada, room } = scene;
    const utterance = spoken(room, ada, minute(1).toISOString(), '안녕 "세계"');
    const [message] = kept(await append(store, [utterance]));
    expect(message).toMatchObject({ kind: 'speech', clientId: null, speech: utterance.speech });
    expect(await store.listSpoken(room, { limit: 10 })).toEqual([message]);
  });

  test('spoken messages are selected by time, speaker and seq; typed ones are left out', async () => {
    const { store, ada, ben, room } = scene;
    await append(store, [
      spoken(room, ada, minute(3).toISOString()),
      typed(room, ada),
      spoken(room, ben, minute(1).toISOString()),
      spoken(room, ada, minute(2).toISOString()),
      spoken(await addRoom(store, ada), ada, minute(2).toISOString()),
    ]);
    const found = async (query: object) => seqs(await store.listSpoken(room, { limit: 10, ...query }));
    expect(await found({})).toEqual([1, 3, 4]);
    expect(await found({ from: minute(2) })).toEqual([1, 4]);
    expect(await found({ to: minute(2) })).toEqual([3]);
    expect(await found({ from: minute(1), to: minute(3) })).toEqual([3, 4]);
    expect(await found({ speakerId: ada.id })).toEqual([1, 4]);
    expect(await found({ after: 1, limit: 1 })).toEqual([3]);
    expect(await found({ after: 1, speakerId: ada.id, from: minute(2) })).toEqual([4]);
  });

  test('spoken messages also come in the order of their start, each one once over all pages', async () => {
    const { store, ada, ben, room } = scene;
    const minutes = [3, 1, 2, 2, 2, 1];
    const utterances = kept(
      await append(store, [
        typed(room, ada),
        ...minutes.map((n, i) => spoken(room, i % 2 ? ben : ada, minute(n).toISOString())),
        unheard(room, ada, minute(4).toISOString()),
      ]),
    );
    const removed = utterances[3] as Message;
    await store.commitChanges([
      { type: 'remove', roomId: room, messageId: removed.id, by: removed.author.id, at: removed.createdAt },
    ]);
    const pages = async (query: object) => {
      const seen: Message[] = [];
      for (let page: Message[] = []; ; seen.push(...page)) {
        const last = seen.at(-1);
        const after = last && { id: last.id, startedAt: last.speech?.startedAt ?? '' };
        page = await store.listSpokenByTime(room, { ...query, after, limit: 2 });
        if (page.length === 0) return seen.map((message) => message.speech?.startedAt.slice(14, 16));
      }
    };
    expect(await pages({})).toEqual(['01', '01', '02', '02', '03', '04']);
    expect(await pages({ speakerId: ben.id })).toEqual(['01', '01', '02']);
    expect(await pages({ from: minute(2), to: minute(4) })).toEqual(['02', '02', '03']);
  });
}
