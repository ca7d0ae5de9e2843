import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ChangeOutcome } from '../store.ts';
import { addRoom, append, kept, NOBODY, NOWHERE, type Scene, seqs, spoken, typed, upTo } from './material.ts';

/** The store's contract: each message gets its seq and rev exactly once. */
export function describeAppending(scene: Scene): void {
  test('seq and rev count 1, 2, 3 … in the given order, from batch to batch', async () => {
    const { store, ada, ben, room } = scene;
    const authors = [ada, ben, ada, ada, ben];
    const first = kept(
      await append(
        store,
        authors.map((author) => typed(room, author)),
      ),
    );
    const second = kept(
      await append(
        store,
        authors.map((author) => typed(room, author)),
      ),
    );
    expect(seqs([...first, ...second])).toEqual(upTo(10));
    expect([...first, ...second].map(({ rev }) => rev)).toEqual(upTo(10));
    expect((await store.heads([room])).get(room)).toEqual({ lastSeq: 10, rev: 10 });
    expect(await store.listMessages(room, { limit: 20 })).toEqual([...first, ...second]);
  });

  test('each room in a mixed batch has its own numbers', async () => {
    const { store, ada, room } = scene;
    const other = await addRoom(store, ada);
    const rooms = [other, room, room, other, room];
    const messages = kept(
      await append(
        store,
        rooms.map((id) => typed(id, ada)),
      ),
    );
    expect(seqs(messages)).toEqual([1, 1, 2, 2, 3]);
    expect(await store.heads([room, other, NOWHERE])).toEqual(
      new Map([
        [room, { lastSeq: 3, rev: 3 }],
        [other, { lastSeq: 2, rev: 2 }],
      ]),
    );
  });

  test('concurrent calls leave no gap and use no number twice', async () => {
    const { store, ada, ben, room } = scene;
    const batches = upTo(25).map((i) => upTo(1 + (i % 4)).map(() => typed(room, i % 2 ? ada : ben)));
    const outcomes = await Promise.all(batches.map((batch) => append(store, batch)));
    const all = outcomes.flatMap(kept);
    expect(seqs(all).sort((a, b) => a - b)).toEqual(upTo(all.length));
    for (const batch of outcomes.map(kept))
      expect(seqs(batch)).toEqual([...seqs(batch)].sort((a, b) => a - b));
    expect((await store.heads([room])).get(room)).toEqual({ lastSeq: all.length, rev: all.length });
  });

  test('a message for an unknown room or by an unknown author fails alone and takes no number', async () => {
    const { store, ada, ben, room } = scene;
    const outcomes = await append(store, [
      typed(room, ada),
      typed(NOWHERE, ada),
      typed(room, NOBODY),
      typed(room, ben),
    ]);
    expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([false, true, true, false]);
    expect(seqs(await store.listMessages(room, { limit: 10 }))).toEqual([1, 2]);
    for (const bad of [typed(NOWHERE, ada), typed(room, NOBODY)]) {
      expect(await append(store, [bad])).toEqual([{ error: expect.any(Error) }]);
    }
    expect(seqs(kept(await append(store, [typed(room, ada)])))).toEqual([3]);
  });

  test.each([
    ['emoji', '👩‍👩‍👧‍👦🇰🇷👍🏽'],
    ['Korean', '그는 이리저리 피하면서 길 한 옆으로 걸어갔다'],
    ['decomposed Korean', '한국'.normalize('NFD')],
    ['quotes and backslashes', `'single' "double" \`back\` \\ \\' '' \\n %_ ; -- /* */`],
    ['placeholders', '? ?? :name $1 @a {0} \\?'],
    ['line breaks and tabs', 'one\n\n\ttwo\r\nthree '],
    ['JSON', '{"$bytes": 1, "a": [null, "\\u0000"]}'],
    ['4,000 code points outside the basic plane', '𐍈'.repeat(4_000)],
  ])('a text is stored unchanged: %s', async (_, text) => {
    const { store, ada, room } = scene;
    const [answered] = kept(await append(store, [typed(room, ada, { text })]));
    expect(answered?.text).toBe(text);
    expect((await store.listMessages(room, { limit: 1 }))[0]?.text).toBe(text);
  });

  test('the answer to an append equals the message that is read later, to the millisecond', async () => {
    const { store, ada, room } = scene;
    const createdAt = '2026-11-23T08:17:42.007Z';
    const [first] = kept(await append(store, [typed(room, ada, { createdAt })]));
    const replyTo = first?.id ?? '';
    const [reply] = kept(await append(store, [typed(room, ada, { replyTo })]));
    expect(first?.createdAt).toBe(createdAt);
    expect(await store.findMessage(room, replyTo)).toEqual(first);
    expect(await store.changesAfter(room, 1, 10)).toEqual([reply]);
    expect(await store.findMessage(await addRoom(store, ada), replyTo)).toBeNull();
    expect(await store.findMessage(room, randomUUIDv7())).toBeNull();
  });
}

/** The store's contract: a message that is sent again is the first one. */
export function describeRepeats(scene: Scene): void {
  const repeats = (outcomes: ChangeOutcome[]) =>
    outcomes.map((outcome) => 'changed' in outcome && !outcome.changed);

  test('a clientId that is sent again returns the first message: in one batch, later, and concurrently', async () => {
    const { store, ada, room } = scene;
    const again = (text: string) => typed(room, ada, { clientId, text });
    const clientId = randomUUID();
    const together = await append(store, [again('first'), again('second'), typed(room, ada)]);
    expect(repeats(together)).toEqual([false, true, false]);
    const [first] = kept(together);
    expect(first?.text).toBe('first');
    expect(seqs(kept(together))).toEqual([1, 1, 2]);

    const later = await append(store, [again('third')]);
    expect(later).toEqual([{ message: first, changed: false }]);

    const racing = typed(room, ada);
    const raced = await Promise.all(upTo(5).map(() => append(store, [{ ...racing, id: randomUUIDv7() }])));
    expect(raced.flatMap(repeats).filter((repeated) => !repeated)).toHaveLength(1);
    expect(new Set(raced.flatMap(kept).map(({ id }) => id)).size).toBe(1);
    expect((await store.heads([room])).get(room)).toEqual({ lastSeq: 3, rev: 3 });
  });

  test('the same clientId from another author or in another room is a new message', async () => {
    const { store, ada, ben, room } = scene;
    const clientId = randomUUID();
    const other = await addRoom(store, ada);
    const outcomes = await append(store, [
      typed(room, ada, { clientId }),
      typed(room, ben, { clientId }),
      typed(other, ada, { clientId }),
    ]);
    expect(repeats(outcomes)).toEqual([false, false, false]);
    expect(seqs(kept(outcomes))).toEqual([1, 2, 1]);
  });

  test('an id that is sent again, as speech does, returns the first message', async () => {
    const { store, ada, room } = scene;
    const utterance = spoken(room, ada, new Date().toISOString());
    const [first] = kept(await append(store, [utterance, utterance]));
    expect(repeats(await append(store, [utterance]))).toEqual([true]);
    expect(await store.listMessages(room, { limit: 10 })).toEqual([first]);
    const others = [1, 2].map(() => spoken(room, ada, new Date().toISOString()));
    expect(repeats(await append(store, others))).toEqual([false, false]);
  });
}
