import { expect, test } from 'vitest';
import type { Message, User } from '../../contract/types.ts';
import type { Change, ChangeOutcome } from '../store.ts';
import {
  addPerson,
  addRoom,
  append,
  appending,
  kept,
  NOWHERE,
  type Scene,
  seqs,
  spoken,
  typed,
  unheard,
  upTo,
} from './material.ts';

const AT = '2026-11-23T08:17:42.007Z';

const reasons = (outcomes: ChangeOutcome[]) =>
  outcomes.map((outcome) => ('error' in outcome ? (outcome.error as { reason: string }).reason : 'kept'));

/** The store's contract: edits, removals and reactions. */
export function describeChanges(scene: Scene): void {
  const say = async (text = 'hello') =>
    kept(await append(scene.store, [typed(scene.room, scene.ada, { text })]))[0] as Message;
  const of = ({ roomId, id }: Message) => ({ roomId, messageId: id });
  const edit = (message: Message, text: string, by = scene.ada.id): Change => ({
    ...of(message),
    ...{ type: 'edit', by, text, mentions: [], at: AT },
  });
  const remove = (message: Message, by = scene.ada.id): Change => ({
    ...of(message),
    ...{ type: 'remove', by, at: AT },
  });
  const react = (message: Message, by: string, emoji: string, on = true): Change => ({
    ...of(message),
    ...{ type: 'react', by, emoji, on },
  });
  const commit = (...changes: Change[]) => scene.store.commitChanges(changes);

  test('an edit keeps the seq, takes the next rev, and is what later reads return', async () => {
    const [first, second] = [await say('frist'), await say('second')];
    const [edited] = kept(await commit(edit(first, 'first')));
    expect(edited).toEqual({ ...first, text: 'first', rev: 3, editedAt: AT });
    expect(await scene.store.listMessages(scene.room, { limit: 5 })).toEqual([edited, second]);
    expect(await scene.store.changesAfter(scene.room, 1, 5)).toEqual([second, edited]);
    expect((await scene.store.heads([scene.room])).get(scene.room)).toEqual({ lastSeq: 2, rev: 3 });
  });

  test('a removed message keeps its place and its author, but not its content', async () => {
    const message = await say();
    const [removed] = kept(
      await commit(react(message, scene.ben.id, '👍'), remove(message)).then((o) => o.slice(1)),
    );
    expect(removed).toEqual({ ...message, text: null, rev: 3, deletedAt: AT });
    expect(await scene.store.findMessage(scene.room, message.id)).toEqual(removed);
    const utterance = kept(await append(scene.store, [spoken(scene.room, scene.ada, AT)]))[0] as Message;
    const [gone] = kept(await commit(remove(utterance)));
    expect([gone?.speech, gone?.kind]).toEqual([null, 'speech']);
    expect(await scene.store.listSpoken(scene.room, { limit: 5 })).toEqual([]);
  });

  test('reactions stay in the order of their first use, each with its users', async () => {
    const message = await say();
    const { ada, ben } = scene;
    await commit(react(message, ben.id, '👍'), react(message, ada.id, '🎉'), react(message, ada.id, '👍'));
    expect((await scene.store.findMessage(scene.room, message.id))?.reactions).toEqual([
      { emoji: '👍', userIds: [ben.id, ada.id] },
      { emoji: '🎉', userIds: [ada.id] },
    ]);
    const [after] = kept(await commit(react(message, ada.id, '🎉', false)));
    expect(after?.reactions).toEqual([{ emoji: '👍', userIds: [ben.id, ada.id] }]);
  });

  test('a change that requires membership fails alone for a user who is not a member of that room', async () => {
    const { ada, store } = scene;
    const ben = await addPerson(store);
    const room = await addRoom(store, ada);
    const elsewhere = await addRoom(store, ben);
    const [message] = kept(await append(store, [typed(room, ada)])) as [Message];
    const by = (user: User, change: Change): Change => ({ ...change, ifMember: user.id });
    const outcomes = await commit(
      by(ada, appending(typed(room, ada))),
      by(ben, appending(typed(room, ben))),
      by(ben, react(message, ben.id, '👍')),
      by(ben, appending(typed(elsewhere, ben))),
      by(ada, appending(typed(elsewhere, ada))),
      by(ada, appending(typed(NOWHERE, ada))),
      appending(typed(room, ben)),
    );
    expect(reasons(outcomes)).toEqual([
      ...['kept', 'not_member', 'not_member', 'kept', 'not_member', 'not_member', 'kept'],
    ]);
    expect(seqs(await store.listMessages(room, { limit: 5 }))).toEqual([1, 2, 3]);
    expect(seqs(await store.listMessages(elsewhere, { limit: 5 }))).toEqual([1]);
    await store.addMember(room, ben.id, new Date());
    expect(kept(await commit(by(ben, appending(typed(room, ben)))))[0]?.seq).toBe(4);
  });

  test('a repeated change takes no rev', async () => {
    const message = await say();
    const changes = [
      edit(message, 'new'),
      react(message, scene.ben.id, '👍'),
      react(message, scene.ada.id, '🎉', false),
    ];
    expect((await commit(...changes)).map((outcome) => 'changed' in outcome && outcome.changed)).toEqual([
      true,
      true,
      false,
    ]);
    const again = await commit(...changes, remove(message), remove(message));
    expect(again.map((outcome) => 'changed' in outcome && outcome.changed)).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
    expect((await scene.store.heads([scene.room])).get(scene.room)?.rev).toBe(4);
  });

  test('one batch can append, edit and remove a message; each outcome shows the message after its step', async () => {
    const draft = typed(scene.room, scene.ada, { text: 'one' });
    const target = { ...draft, seq: 0 } as unknown as Message;
    const outcomes = kept(
      await commit(appending(draft), edit(target, 'two'), remove(target), appending(draft)),
    );
    expect(outcomes.map(({ rev, text }) => [rev, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, null],
      [3, null],
    ]);
    expect(await scene.store.listMessages(scene.room, { limit: 5 })).toEqual([outcomes[2]]);
  });

  test('a speaker corrects an utterance: its words and the first text that was recognised are kept', async () => {
    const { store, room, ada } = scene;
    const [utterance] = kept(await append(store, [spoken(room, ada, AT, 'red him a book')])) as [Message];
    const [edited, again] = kept(
      await commit(edit(utterance, 'read him a book'), edit(utterance, 'read him the book')),
    );
    const corrected = {
      ...utterance,
      editedAt: AT,
      speech: { ...utterance.speech, original: 'red him a book' },
    };
    expect(edited).toEqual({ ...corrected, text: 'read him a book', rev: 2 });
    expect(again).toEqual({ ...corrected, text: 'read him the book', rev: 3 });
    expect(await store.listSpoken(room, { limit: 5 })).toEqual([again]);
    expect(reasons(await commit(edit(utterance, 'mine', scene.ben.id)))).toEqual(['not_author']);

    const [removed] = kept(await commit(remove(utterance)));
    expect(removed).toMatchObject({ text: null, speech: null, editedAt: AT });
    expect(JSON.stringify(await store.findMessage(room, utterance.id))).not.toContain('book');
    expect(reasons(await commit(edit(utterance, 'back again')))).toEqual(['message_removed']);
  });

  test('a gap can be removed, but not edited or reacted to', async () => {
    const { store, room, ada, ben } = scene;
    const [gap] = kept(await append(store, [unheard(room, ada, AT)])) as [Message];
    expect(await store.listSpoken(room, { limit: 5 })).toEqual([gap]);
    expect([gap.text, gap.speech?.gap]).toEqual(['', 'network']);
    const outcomes = await commit(edit(gap, 'x'), react(gap, ben.id, '👍'), remove(gap));
    expect(reasons(outcomes)).toEqual(['not_heard', 'not_heard', 'kept']);
  });

  test('each forbidden change fails alone', async () => {
    const { ben, ada, store } = scene;
    const message = await say();
    const removed = await say('to be removed');
    await commit(remove(removed));
    const elsewhere = { ...message, roomId: await addRoom(store, ada) };
    const outcomes = await commit(
      edit(message, 'x', ben.id),
      remove(message, ben.id),
      edit(removed, 'x'),
      react(removed, ben.id, '👍'),
      edit(elsewhere, 'x'),
      edit({ ...message, id: NOWHERE }, 'x'),
      edit({ ...message, roomId: NOWHERE }, 'x'),
      edit(message, 'allowed'),
    );
    expect(reasons(outcomes)).toEqual([
      'not_author',
      'not_author',
      'message_removed',
      'message_removed',
      'message_unknown',
      'message_unknown',
      'room_unknown',
      'kept',
    ]);
    expect((await store.findMessage(scene.room, message.id))?.text).toBe('allowed');
  });

  test('a message carries at most 20 different emoji', async () => {
    const message = await say();
    const emoji = upTo(21).map((i) => `:${i}:`);
    const outcomes = await commit(...emoji.map((one) => react(message, scene.ben.id, one)));
    expect(reasons(outcomes).slice(-2)).toEqual(['kept', 'reactions_full']);
    expect(reasons(await commit(react(message, scene.ada.id, ':1:')))).toEqual(['kept']);
  });
}
