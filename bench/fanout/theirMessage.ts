import { randomUUID } from 'node:crypto';

/** The message that the compared servers send: as large as Roomscribe's, but they check and keep nothing. */
export function theirMessage(seq: number, text: string): object {
  return {
    ...{ id: randomUUID(), roomId: randomUUID(), seq, rev: seq, kind: 'text' },
    author: { id: randomUUID(), name: 'Speaker' },
    ...{ clientId: randomUUID(), text, replyTo: null, mentions: [], reactions: [] },
    ...{ createdAt: new Date().toISOString(), editedAt: null, deletedAt: null, speech: null },
  };
}
