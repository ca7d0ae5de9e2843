import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AudioPlace, User } from '../../contract/types.ts';
import type { Change, ChangeOutcome } from '../store.ts';
import { addRoom, kept, NOWHERE, type Scene, spoken, typed, upTo } from './material.ts';

const DAY_MS = 24 * 3_600_000;
const SEALED = {
  error: expect.objectContaining({ code: 'CONFLICT', reason: 'stream_sealed', retryable: false }),
};

/** The store's contract: how far speech streams are saved, and the seal that ends them. */
export function describeStreams(scene: Scene): void {
  const begin = async ({ startedAt = new Date(), speaker = scene.ada } = {}): Promise<string> => {
    const streamId = randomUUIDv7();
    await scene.store.addStream({ streamId, roomId: scene.room, userId: speaker.id, startedAt });
    return streamId;
  };
  const said = (streamId: string, heardUntil: AudioPlace, speaker: User = scene.ada): Change => {
    const message = spoken(scene.room, speaker, new Date().toISOString());
    if (message.speech) message.speech.streamId = streamId;
    return { type: 'append', message, heardUntil };
  };
  const reasons = (outcomes: ChangeOutcome[]) =>
    outcomes.map((outcome) => ('error' in outcome ? (outcome.error as { reason: string }).reason : 'kept'));

  test('a stream is known to its speaker alone', async () => {
    const { store, ada, ben, room } = scene;
    const streamId = await begin();
    expect(await store.findStream(ada.id, streamId)).toEqual({ roomId: room, sealed: false });
    expect(await store.findStream(ben.id, streamId)).toBeNull();
    expect(await store.sealStream(ben.id, streamId)).toBeNull();
    expect(await store.findStream(ada.id, streamId)).toEqual({ roomId: room, sealed: false });
    expect(await store.findStream(ada.id, NOWHERE)).toBeNull();
    expect(await store.sealStream(ada.id, NOWHERE)).toBeNull();
  });

  test('a stream that has ended is sealed at the place that it tells, which no later end changes', async () => {
    const { store, ada, room } = scene;
    const streamId = await begin();
    kept(await store.commitChanges([said(streamId, { seq: 7, samples: 320 })]));
    await store.endStream(streamId, { seq: 30, samples: 0 });
    await store.endStream(streamId, { seq: 99, samples: 0 });
    expect(await store.findStream(ada.id, streamId)).toEqual({ roomId: room, sealed: true });
    expect(await store.sealStream(ada.id, streamId)).toEqual({ seq: 30, samples: 0 });
    expect(await store.commitChanges([said(streamId, { seq: 40, samples: 0 })])).toEqual([SEALED]);
    await store.endStream(NOWHERE, { seq: 1, samples: 0 });
  });

  test('a seal tells how far the stream is saved, again and again, and nothing more of it is saved', async () => {
    const { store, ada, room } = scene;
    const [streamId, untouched] = [await begin(), await begin()];
    const first = said(streamId, { seq: 7, samples: 320 });
    const second = said(streamId, { seq: 12, samples: 0 });
    kept(await store.commitChanges([first, second]));
    for (const _ of upTo(2)) {
      expect(await store.sealStream(ada.id, streamId)).toEqual({ seq: 12, samples: 0 });
    }
    expect(await store.findStream(ada.id, streamId)).toEqual({ roomId: room, sealed: true });
    expect(await store.sealStream(ada.id, untouched)).toEqual({ seq: 0, samples: 0 });
    const outcomes = await store.commitChanges([
      said(streamId, { seq: 20, samples: 0 }),
      { type: 'append', message: typed(room, ada) },
      said(untouched, { seq: 1, samples: 0 }),
    ]);
    expect(outcomes).toEqual([SEALED, { message: expect.anything(), changed: true }, SEALED]);
    expect(await store.sealStream(ada.id, streamId)).toEqual({ seq: 12, samples: 0 });
    expect(await store.heads([room])).toEqual(new Map([[room, { lastSeq: 3, rev: 3 }]]));
  });

  test('a message of a stream that is not kept is refused; one that does not tell its place is saved', async () => {
    const { store } = scene;
    const streamId = randomUUIDv7();
    const { message } = said(streamId, { seq: 0, samples: 0 }) as Extract<Change, { type: 'append' }>;
    expect(await store.commitChanges([said(streamId, { seq: 1, samples: 0 })])).toEqual([SEALED]);
    kept(await store.commitChanges([{ type: 'append', message }]));
  });

  test('a repeated message is kept once, and its place too', async () => {
    const { store, ada } = scene;
    const streamId = await begin();
    const change = said(streamId, { seq: 3, samples: 5 });
    const [first] = kept(await store.commitChanges([change]));
    expect(kept(await store.commitChanges([change]))).toEqual([first]);
    expect(await store.sealStream(ada.id, streamId)).toEqual({ seq: 3, samples: 5 });
  });

  test('while messages are committed, a seal tells exactly how far they came', async () => {
    const { store, ada, room } = scene;
    const streamId = await begin();
    const committed: string[] = [];
    const committing = (async () => {
      for (const seq of upTo(20)) {
        committed.push(...reasons(await store.commitChanges([said(streamId, { seq, samples: 0 })])));
      }
    })();
    while (committed.length < 3) await new Promise(setImmediate);
    const sealedAt = await store.sealStream(ada.id, streamId);
    await committing;
    const savedCount = committed.filter((reason) => reason === 'kept').length;
    expect(sealedAt).toEqual({ seq: savedCount, samples: 0 });
    expect(committed.slice(savedCount).every((reason) => reason === 'stream_sealed')).toBe(true);
    expect(await store.listSpoken(room, { limit: 30 })).toHaveLength(savedCount);
  });

  test('two seals at once tell the same place', async () => {
    const { store, ada } = scene;
    const streamId = await begin();
    kept(await store.commitChanges([said(streamId, { seq: 4, samples: 1 })]));
    const seals = await Promise.all(upTo(4).map(() => store.sealStream(ada.id, streamId)));
    expect(seals).toEqual(Array(4).fill({ seq: 4, samples: 1 }));
  });

  test('a stream is forgotten when its speaker starts one a week later', async () => {
    const { store, ada, ben, room } = scene;
    const startedAt = new Date(Date.now() - 8 * DAY_MS);
    const [old, bens] = [await begin({ startedAt }), await begin({ startedAt, speaker: ben })];
    const recent = await begin({ startedAt: new Date(Date.now() - 6 * DAY_MS) });
    await begin();
    expect(await store.findStream(ada.id, old)).toBeNull();
    for (const [speaker, streamId] of [[ada, recent] as const, [ben, bens] as const]) {
      expect(await store.findStream(speaker.id, streamId)).toEqual({ roomId: room, sealed: false });
    }
  });

  test('streams of several rooms advance in one commit', async () => {
    const { store, ada, room } = scene;
    const other = await addRoom(store, ada);
    const here = await begin();
    const there = randomUUIDv7();
    await store.addStream({ streamId: there, roomId: other, userId: ada.id, startedAt: new Date() });
    const elsewhere = said(there, { seq: 9, samples: 9 }) as Extract<Change, { type: 'append' }>;
    elsewhere.message.roomId = other;
    kept(await store.commitChanges([said(here, { seq: 1, samples: 1 }), elsewhere]));
    expect(await store.sealStream(ada.id, there)).toEqual({ seq: 9, samples: 9 });
    expect(await store.sealStream(ada.id, here)).toEqual({ seq: 1, samples: 1 });
    expect((await store.heads([room])).get(room)).toEqual({ lastSeq: 1, rev: 1 });
  });
}
