import { describe, expect, test } from 'vitest';
import type { Utterance } from '../../../contract/types.ts';
import { addPerson, append, kept, spoken, typed, unheard, upTo } from '../../../db/testing/material.ts';
import { type ChatScene, openChat } from '../../../testing/chatScene.ts';
import { iso } from '../../../testing/utterance.ts';
import { createTranscripts, type ExportQuery } from './transcripts.ts';

const open = (scene: ChatScene) => createTranscripts(scene.store, scene.access);
const query = (scene: ChatScene, more: Partial<ExportQuery> = {}): ExportQuery => ({
  ...{ roomId: scene.roomId, format: 'json', timeZone: 'UTC' },
  ...more,
});

async function read(scene: ChatScene, more: Partial<ExportQuery> = {}): Promise<Utterance[]> {
  const { text } = await open(scene).export(scene.ben, query(scene, more));
  return JSON.parse((await Array.fromAsync(text)).join('')).items;
}

describe('a transcript', () => {
  test('has the utterances in the order of their starts, with corrections and gaps and without removed ones', async () => {
    await using scene = await openChat();
    const { store, roomId, ada, ben } = scene;
    const [late, , early, wrong] = kept(
      await append(store, [
        spoken(roomId, ada, iso(30), 'late'),
        typed(roomId, ada),
        spoken(roomId, ben, iso(10), 'early'),
        spoken(roomId, ada, iso(20), 'rong'),
        unheard(roomId, ben, iso(15)),
        spoken(roomId, ben, iso(16), 'taken back'),
      ]),
    );
    const { items } = await scene.messages.list(ben, roomId, { limit: 10 });
    await scene.messages.remove(ben, { roomId, messageId: items.at(-1)?.id ?? '' });
    const place = { roomId, messageId: wrong?.id ?? '' };
    await scene.messages.edit(ada, { ...place, text: 'wrong', mentions: [] });

    const utterances = await read(scene);
    expect(utterances.map(({ text, gap, original }) => [text, gap, original])).toEqual([
      ['early', undefined, undefined],
      ['', 'network', undefined],
      ['wrong', undefined, 'rong'],
      ['late', undefined, undefined],
    ]);
    expect([utterances[0]?.id, utterances[3]?.words]).toEqual([early?.id, late?.speech?.words]);
    const some = await read(scene, { from: new Date(iso(12)), to: new Date(iso(30)), speakerId: ada.id });
    expect(some.map(({ text }) => text)).toEqual(['wrong']);
  });

  test('is for members only, which is checked before every page', async () => {
    await using scene = await openChat();
    const { store, roomId, ada, ben } = scene;
    const stranger = await addPerson(store);
    const refused = { code: 'FORBIDDEN', reason: 'not_member' };
    await expect(open(scene).export(stranger, query(scene))).rejects.toMatchObject(refused);
    await append(
      store,
      upTo(201).map((i) => spoken(roomId, ada, iso(i))),
    );
    const { text } = await open(scene).export(ben, query(scene));
    const parts = text[Symbol.asyncIterator]();
    await parts.next();
    await scene.rooms.leave(ben, roomId);
    await expect(parts.next()).rejects.toMatchObject(refused);
  });

  test('of any length is read page by page, only on demand, and each utterance once', async () => {
    const asked: number[] = [];
    await using scene = await openChat((store) => ({
      async listSpokenByTime(roomId, page) {
        asked.push(page.limit);
        return store.listSpokenByTime(roomId, page);
      },
    }));
    const { store, roomId, ada } = scene;
    for (const batch of upTo(5)) {
      await append(
        store,
        upTo(100).map((i) => spoken(roomId, ada, iso(batch), `${batch} ${i}`)),
      );
    }
    const { text } = await open(scene).export(ada, query(scene));
    const parts = text[Symbol.asyncIterator]();
    await parts.next();
    await parts.next();
    expect(asked).toEqual([50]);
    await parts.return?.();
    expect(asked).toEqual([50]);

    const utterances = await read(scene);
    expect(new Set(utterances.map((one) => one.text)).size).toBe(500);
    expect(utterances.map(({ startedAt }) => startedAt)).toEqual(
      utterances.map(({ startedAt }) => startedAt).sort(),
    );
    expect(utterances).toHaveLength(500);
  });
});
