import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, notMember } from '../../contract/errors.ts';
import type { Message } from '../../contract/types.ts';
import type { Change, ChangeOutcome, Head, NewMessage } from '../store.ts';
import { applyChange } from './applyChange.ts';
import { type Growth, insertMessages, updateHeads, updateMessages } from './changeRows.ts';
import type { Database, Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { asStoreError, isPassing, isRepeated, isWorthAnotherTry } from './failures.ts';
import type { Heads } from './heads.ts';
import { findKnown, identities } from './knownMessages.ts';
import { membersAmong } from './memberTable.ts';

const ATTEMPTS = 4;
const PAUSE_MS = 20;

/**
 * One transaction for all. New messages are inserted as if none of them were a repeat; if one is, the database says so,
 * and the transaction is run again with a look at what is there. So is one that was lost to a deadlock or with its
 * connection: it may have been committed, and every change that is repeated is recognised. If the database still
 * refuses a row, each change gets a transaction of its own, so that the bad row fails alone. A database that is away or
 * busy fails all, for the callers to repeat.
 */
export async function commitChanges(
  database: Database,
  dialect: Dialect,
  changes: Change[],
): Promise<ChangeOutcome[]> {
  let look = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction((sql) => commitTogether(database, sql, dialect, changes, look));
    } catch (error) {
      const maybeRepeated = !look && isRepeated(error);
      if (!maybeRepeated && (attempt === ATTEMPTS || !isWorthAnotherTry(error))) {
        return alone(database, dialect, changes, error);
      }
      look = true;
      if (!maybeRepeated) await sleep(PAUSE_MS * attempt);
    }
  }
}

async function alone(
  database: Database,
  dialect: Dialect,
  changes: Change[],
  error: unknown,
): Promise<ChangeOutcome[]> {
  if (isPassing(error)) throw error;
  if (changes.length === 1) return [{ error: asStoreError(error) }];
  const outcomes: ChangeOutcome[] = [];
  for (const change of changes) {
    const [outcome] = await commitChanges(database, dialect, [change]).catch((failure: unknown) => [
      { error: asStoreError(failure) },
    ]);
    outcomes.push(outcome as ChangeOutcome);
  }
  return outcomes;
}

/** What a transaction knows: where its rooms are, the messages it has met, and which of them it must write. */
type Ledger = {
  heads: Heads;
  grown: Map<string, Growth>;
  known: Map<string, Message>;
  inserts: Map<string, Message>;
  updates: Map<string, Message>;
};

async function commitTogether(
  database: Database,
  sql: Sql,
  dialect: Dialect,
  changes: Change[],
  look: boolean,
): Promise<ChangeOutcome[]> {
  const heads = await dialect.lockHeads(sql, [...new Set(changes.map(roomOf))]);
  const isMember = await membershipIn(sql, changes);
  const ledger: Ledger = {
    heads,
    grown: new Map(),
    known: await findKnown(() => database.fork(sql), changes, look),
    inserts: new Map(),
    updates: new Map(),
  };
  const outcomes = changes.map((change): ChangeOutcome => {
    try {
      if (!isMember(change)) throw notMember();
      return change.type === 'append' ? append(ledger, change.message) : amend(ledger, change);
    } catch (error) {
      return { error };
    }
  });
  await insertMessages(sql, [...ledger.inserts.values()], dialect.time);
  await updateMessages(sql, [...ledger.updates.values()], dialect.time);
  await updateHeads(sql, ledger.grown, dialect.by);
  return outcomes;
}

/** Whether who makes a change may, under the lock that joining and leaving take as well. */
async function membershipIn(sql: Sql, changes: Change[]): Promise<(change: Change) => boolean> {
  const asked = new Map<string, string[]>();
  for (const [roomId, some] of Map.groupBy(changes, roomOf)) {
    asked.set(roomId, [...new Set(some.flatMap(({ ifMember }) => ifMember ?? []))]);
  }
  const members = await membersAmong(sql, asked);
  const found = new Set(members.map(({ roomId, userId }) => `${roomId} ${userId}`));
  return (change) => change.ifMember === undefined || found.has(`${roomOf(change)} ${change.ifMember}`);
}

function roomOf(change: Change): string {
  return change.type === 'append' ? change.message.roomId : change.roomId;
}

function append(ledger: Ledger, message: NewMessage): ChangeOutcome {
  const { known, inserts } = ledger;
  const earlier = identities(message)
    .map((key) => known.get(key))
    .find(Boolean);
  if (earlier) return { message: earlier, changed: false };
  const head = grow(ledger, message.roomId, 1);
  const placed = {
    ...message,
    seq: head.lastSeq,
    rev: head.rev,
    reactions: [],
    editedAt: null,
    deletedAt: null,
  };
  inserts.set(placed.id, placed);
  for (const key of identities(message)) known.set(key, placed);
  return { message: placed, changed: true };
}

function amend(ledger: Ledger, change: Exclude<Change, { type: 'append' }>): ChangeOutcome {
  const { known, inserts, updates } = ledger;
  headOf(ledger, change.roomId);
  const message = known.get(change.messageId);
  if (message?.roomId !== change.roomId) {
    throw new AppError('NOT_FOUND', 'message_unknown', 'There is no such message in this room.');
  }
  const changed = applyChange(message, change);
  if (changed === message) return { message, changed: false };
  const amended = { ...changed, rev: grow(ledger, change.roomId, 0).rev };
  for (const key of identities(amended)) known.set(key, amended);
  (inserts.has(amended.id) ? inserts : updates).set(amended.id, amended);
  return { message: amended, changed: true };
}

/** Takes the room's next rev, and its next seq for a new message. */
function grow(ledger: Ledger, roomId: string, messages: 0 | 1): Head {
  const head = headOf(ledger, roomId);
  const growth = ledger.grown.get(roomId) ?? { seq: 0, rev: 0 };
  ledger.grown.set(roomId, { seq: growth.seq + messages, rev: growth.rev + 1 });
  head.lastSeq += messages;
  head.rev += 1;
  return head;
}

function headOf({ heads }: Ledger, roomId: string): Head {
  const head = heads.get(roomId);
  if (!head) throw new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.');
  return head;
}
