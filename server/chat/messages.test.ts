import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { addPerson, addRoom, NOWHERE, upTo } from '../../db/testing/material.ts';
import { openChat } from '../../testing/chatScene.ts';

const draft = (roomId: string, text = 'hello') => ({
  roomId,
  clientId: randomUUID(),
  text,
  replyTo: null,
  mentions: [],
});

describe('messages', () => {
  test('have the caller as author, and are sent once per clientId', async () => {
    await using scene = await openChat();
    const first = await scene.messages.send(scene.ben, draft(scene.roomId, 'one'));
    expect(first).toMatchObject({
      kind: 'text',
      author: { id: scene.ben.id, name: 'Ben' },
      seq: 1,
      speech: null,
    });
    const again = { ...draft(scene.roomId, 'other words'), clientId: first.clientId ?? '' };
    expect(await scene.messages.send(scene.ben, again)).toEqual(first);
  });

  test('can reply only to messages of the same room', async () => {
    await using scene = await openChat();
    const asked = await scene.messages.send(scene.ada, draft(scene.roomId));
    const reply = await scene.messages.send(scene.ben, { ...draft(scene.roomId), replyTo: asked.id });
    expect(reply.replyTo).toBe(asked.id);
    const elsewhere = await addRoom(scene.store, scene.ada);
    await expect(
      scene.messages.send(scene.ada, { ...draft(elsewhere), replyTo: asked.id }),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'reply_unknown' });
  });

  test('cannot be sent, listed or followed by a stranger', async () => {
    await using scene = await openChat();
    const stranger = await addPerson(scene.store);
    const refused = { code: 'FORBIDDEN', reason: 'not_member' };
    await expect(scene.messages.send(stranger, draft(scene.roomId))).rejects.toMatchObject(refused);
    await expect(scene.messages.list(stranger, scene.roomId, { limit: 5 })).rejects.toMatchObject(refused);
    await expect(scene.messages.live(stranger, { roomId: scene.roomId })).rejects.toMatchObject(refused);
    expect(scene.bus.published).toEqual([]);
    expect(scene.bus.listeners()).toBe(0);
  });

  test('a stranger learns neither what is in a room nor that a private room exists', async () => {
    await using scene = await openChat();
    const stranger = await addPerson(scene.store);
    const asked = await scene.messages.send(scene.ada, draft(scene.roomId));
    const guesses = [{ replyTo: asked.id }, { replyTo: NOWHERE }, { mentions: [scene.ada.id] }];
    for (const guess of guesses) {
      await expect(scene.messages.send(stranger, { ...draft(scene.roomId), ...guess })).rejects.toMatchObject(
        { reason: 'not_member' },
      );
    }
    const hidden = await addRoom(scene.store, scene.ada, { visibility: 'private' });
    for (const roomId of [hidden, NOWHERE]) {
      const change = { roomId, messageId: asked.id };
      const attempts = [
        scene.messages.send(stranger, draft(roomId)),
        scene.messages.edit(stranger, { ...change, text: 'new', mentions: [] }),
        scene.messages.remove(stranger, change),
        scene.messages.react(stranger, { ...change, emoji: '👍', on: true }),
      ];
      for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ reason: 'room_unknown' });
    }
  });

  test.each([
    [{ limit: 3 }, [5, 6, 7], true],
    [{ limit: 7 }, upTo(7), false],
    [{ limit: 3, before: 3 }, [1, 2], false],
    [{ limit: 3, before: 5 }, [2, 3, 4], true],
    [{ limit: 3, after: 3 }, [4, 5, 6], true],
    [{ limit: 3, after: 4 }, [5, 6, 7], false],
    [{ limit: 2, after: 0, before: 4 }, [1, 2], true],
  ])('the page %o has the messages %j, and hasMore is %s', async (page, seqs, hasMore) => {
    await using scene = await openChat();
    for (const i of upTo(7)) await scene.messages.send(scene.ada, draft(scene.roomId, `text ${i}`));
    const answer = await scene.messages.list(scene.ben, scene.roomId, page);
    expect(answer.items.map(({ seq }) => seq)).toEqual(seqs);
    expect(answer.hasMore).toBe(hasMore);
  });
});
