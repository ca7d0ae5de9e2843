import type { Message } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { View } from './page.ts';
import type { Ack } from './person.ts';

/** The counts of each kind of fault. Each must be 0. */
export type Findings = {
  /** Messages that were acked and are not in the database, or whose latest state somebody was not shown. */
  lost: number;
  /** Messages that the database holds twice, or that somebody was shown twice. */
  doubled: number;
  /** Gaps in the numbers, or messages that were shown out of order. */
  reordered: number;
  /** Messages that were shown and are not in the database. */
  unstored: number;
  /** How often a client was told to reload the room, although nobody was far behind. */
  resets: number;
};

export const NOTHING_FOUND: Findings = { lost: 0, doubled: 0, reordered: 0, unstored: 0, resets: 0 };

const PAGE = 500;

/** Reads all messages of a room from the database, in the order of their revs. */
export async function readRoom(store: Pick<Store, 'changesAfter'>, roomId: string): Promise<Message[]> {
  const stored: Message[] = [];
  for (;;) {
    const page = await store.changesAfter(roomId, stored.at(-1)?.rev ?? 0, PAGE);
    stored.push(...page);
    if (page.length < PAGE) return stored;
  }
}

/** Compares acks and shown messages with the database. @param rooms the stored messages of each room. */
export function audit(rooms: ReadonlyMap<string, Message[]>, acks: Ack[], views: View[]): Findings {
  const findings = [
    ...[...rooms.values()].map(auditRoom),
    auditAcks(rooms, acks),
    ...views.map((view) => auditView(rooms.get(view.roomId) ?? [], view)),
  ];
  return findings.reduce(sum, NOTHING_FOUND);
}

function sum(a: Findings, b: Findings): Findings {
  return {
    lost: a.lost + b.lost,
    doubled: a.doubled + b.doubled,
    reordered: a.reordered + b.reordered,
    unstored: a.unstored + b.unstored,
    resets: a.resets + b.resets,
  };
}

/** Checks that the seqs are 1, 2, 3 … without gaps, and that no author's clientId is there twice. */
function auditRoom(stored: Message[]): Findings {
  const seqs = stored.map(({ seq }) => seq).sort((a, b) => a - b);
  // What was spoken has no clientId. `wordAudit.ts` looks for doubles there.
  const typed = stored.filter(({ clientId }) => clientId !== null);
  const clientIds = new Set(typed.map(({ author, clientId }) => `${author.id} ${clientId}`));
  return {
    ...NOTHING_FOUND,
    reordered: seqs.filter((seq, i) => seq !== i + 1).length,
    doubled: typed.length - clientIds.size,
  };
}

function auditAcks(rooms: ReadonlyMap<string, Message[]>, acks: Ack[]): Findings {
  const stored = new Map([...rooms.values()].flat().map((message) => [message.id, message]));
  const lost = acks.filter(({ clientId, message }) => {
    const found = stored.get(message.id);
    return found?.clientId !== clientId || found.seq !== message.seq;
  });
  return { ...NOTHING_FOUND, lost: lost.length };
}

function auditView(stored: Message[], { messages, resets }: View): Findings {
  const shown = new Map(messages.map((message) => [message.id, message]));
  const known = new Set(stored.map(({ id }) => id));
  const head = stored.at(-1)?.rev ?? 0;
  const revs = messages.map(({ rev }) => rev);
  return {
    lost: stored.filter(({ id, rev }) => shown.get(id)?.rev !== rev).length,
    doubled: revs.length - new Set(revs).size,
    reordered: revs.filter((rev, i) => i > 0 && rev < (revs[i - 1] as number)).length,
    unstored: messages.filter(({ id, rev }) => !known.has(id) || rev > head).length,
    resets,
  };
}
