import { randomUUID } from 'node:crypto';

/** What the servers we compare with make of a text: as much as Roomscribe sends, but nothing of it is checked or kept. */
export function theirMessage(seq: number, text: string): object {
  return {
    ...{ id: randomUUID(), roomId: randomUUID(), seq, rev: seq, kind: 'text' },
    author: { id: randomUUID(), name: 'Speaker' },
    ...{ clientId: randomUUID(), text, replyTo: null, mentions: [], reactions: [] },
    ...{ createdAt: new Date().toISOString(), editedAt: null, deletedAt: null, speech: null },
  };
}
