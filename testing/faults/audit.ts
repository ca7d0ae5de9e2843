import type { Message } from '../../contract/types.ts';
import type { Store } from '../../db/store.ts';
import type { Ack, View } from './person.ts';

/** Each count must be 0. */
export type Findings = {
  /** Acked and not in the database, or in the database and not shown to somebody in its last state. */
  lost: number;
  /** Kept or shown twice. */
  doubled: number;
  /** Numbers with a gap, or shown in another order than that of the changes. */
  reordered: number;
  /** Shown, and not kept. */
  unkept: number;
  /** Told to start anew, although nobody was far behind. */
  resets: number;
};

export const NOTHING_FOUND: Findings = { lost: 0, doubled: 0, reordered: 0, unkept: 0, resets: 0 };

const PAGE = 500;

/** A room as the database has it, by rev. */
export async function readRoom(store: Pick<Store, 'changesAfter'>, roomId: string): Promise<Message[]> {
  const kept: Message[] = [];
  for (;;) {
    const page = await store.changesAfter(roomId, kept.at(-1)?.rev ?? 0, PAGE);
    kept.push(...page);
    if (page.length < PAGE) return kept;
  }
}

/** Compares what was promised and what was shown with what the database keeps. */
export function audit(rooms: ReadonlyMap<string, Message[]>, acks: Ack[], views: View[]): Findings {
  const parts = [
    ...[...rooms.values()].map(auditRoom),
    auditAcks(rooms, acks),
    ...views.map((view) => auditView(rooms.get(view.roomId) ?? [], view)),
  ];
  return parts.reduce(sum, NOTHING_FOUND);
}

function sum(a: Findings, b: Findings): Findings {
  return {
    lost: a.lost + b.lost,
    doubled: a.doubled + b.doubled,
    reordered: a.reordered + b.reordered,
    unkept: a.unkept + b.unkept,
    resets: a.resets + b.resets,
  };
}

/** seq counts 1, 2, 3 …, and no clientId stands there twice. */
function auditRoom(kept: Message[]): Findings {
  const seqs = kept.map(({ seq }) => seq).sort((a, b) => a - b);
  const clientIds = new Set(kept.map(({ author, clientId }) => `${author.id} ${clientId}`));
  return {
    ...NOTHING_FOUND,
    reordered: seqs.filter((seq, i) => seq !== i + 1).length,
    doubled: kept.length - clientIds.size,
  };
}

function auditAcks(rooms: ReadonlyMap<string, Message[]>, acks: Ack[]): Findings {
  const kept = new Map([...rooms.values()].flat().map((message) => [message.id, message]));
  const lost = acks.filter(({ clientId, message }) => {
    const found = kept.get(message.id);
    return found?.clientId !== clientId || found.seq !== message.seq;
  });
  return { ...NOTHING_FOUND, lost: lost.length };
}

function auditView(kept: Message[], { messages, resets }: View): Findings {
  const shown = new Map(messages.map((message) => [message.id, message]));
  const known = new Set(kept.map(({ id }) => id));
  const head = kept.at(-1)?.rev ?? 0;
  const revs = messages.map(({ rev }) => rev);
  return {
    lost: kept.filter(({ id, rev }) => shown.get(id)?.rev !== rev).length,
    doubled: revs.length - new Set(revs).size,
    reordered: revs.filter((rev, i) => i > 0 && rev < (revs[i - 1] as number)).length,
    unkept: messages.filter(({ id, rev }) => !known.has(id) || rev > head).length,
    resets,
  };
}
