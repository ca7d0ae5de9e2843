import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, notMember } from '../../contract/errors.ts';
import type { Message } from '../../contract/types.ts';
import type { Change, ChangeOutcome, Head } from '../store.ts';
import { applyChange } from './applyChange.ts';
import { type Advance, insertMessages, updateHeads, updateMessages } from './changeRows.ts';
import type { Database, Sql } from './database.ts';
import type { Dialect } from './dialect.ts';
import { canRetryTransaction, isDuplicate, isTemporary, toStoreError } from './failures/failures.ts';
import type { Heads } from './heads.ts';
import { findKnown, identityKeys } from './knownMessages.ts';
import { membersAmong } from './memberships.ts';
import { type Progress, progressOf, sealCheck, updateProgress } from './speechTables.ts';

const ATTEMPTS = 4;
const RETRY_PAUSE_MS = 20;

/**
 * Commits all changes in one transaction (group commit).
 *
 * - The first attempt assumes that no new message is a repeat, because a lookup costs time. If a unique key refuses a
 *   row, the next attempt looks for messages that exist already.
 * - A transaction that is lost to a deadlock or to a broken connection runs again, with that lookup: it may have been
 *   committed, and then all its changes are repeats.
 * - If the database still refuses a row, each change gets its own transaction, so that the bad row fails alone.
 * @throws the driver's error or an AppError if the database is unreachable or busy. The caller may repeat the call.
 */
export async function commitChanges(
  database: Database,
  dialect: Dialect,
  changes: Change[],
): Promise<ChangeOutcome[]> {
  let findRepeats = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction((sql) => commitBatch(database, sql, dialect, changes, findRepeats));
    } catch (error) {
      const mayBeRepeat = !findRepeats && isDuplicate(error);
      if (!mayBeRepeat && (attempt === ATTEMPTS || !canRetryTransaction(error))) {
        return commitOneByOne(database, dialect, changes, error);
      }
      findRepeats = true;
      if (!mayBeRepeat) await sleep(RETRY_PAUSE_MS * attempt);
    }
  }
}

/** Commits each change in its own transaction, after `error` has failed the whole batch. */
async function commitOneByOne(
  database: Database,
  dialect: Dialect,
  changes: Change[],
  error: unknown,
): Promise<ChangeOutcome[]> {
  if (isTemporary(error)) throw error;
  if (changes.length === 1) return [{ error: toStoreError(error) }];
  const outcomes: ChangeOutcome[] = [];
  for (const change of changes) {
    const [outcome] = await commitChanges(database, dialect, [change]).catch((failure: unknown) => [
      { error: toStoreError(failure) },
    ]);
    outcomes.push(outcome as ChangeOutcome);
  }
  return outcomes;
}

/** The state of one transaction. The changes are applied here first, and the rows are written at the end. */
type Ledger = {
  /** The rooms' heads after the changes so far. */
  heads: Heads;
  /** How far each room has advanced, by room id. */
  advances: Map<string, Advance>;
  /** Existing and new messages in their latest state, by identity key. */
  known: Map<string, Message>;
  /** The messages to write, by id. */
  inserts: Map<string, Message>;
  updates: Map<string, Message>;
  /** How far the streams of the spoken messages are saved now. */
  progress: Progress;
};

async function commitBatch(
  database: Database,
  sql: Sql,
  dialect: Dialect,
  changes: Change[],
  findRepeats: boolean,
): Promise<ChangeOutcome[]> {
  const heads = await dialect.lockHeads(sql, [...new Set(changes.map(roomOf))]);
  const isAllowed = await membershipCheck(sql, changes);
  const isOpen = await sealCheck(sql, changes);
  const ledger: Ledger = {
    heads,
    advances: new Map(),
    known: await findKnown(() => database.fork(sql), changes, findRepeats),
    inserts: new Map(),
    updates: new Map(),
    progress: new Map(),
  };
  const outcomes = changes.map((change): ChangeOutcome => {
    try {
      if (!isAllowed(change)) throw notMember();
      if (!isOpen(change)) throw streamSealed();
      return change.type === 'append' ? append(ledger, change) : amend(ledger, change);
    } catch (error) {
      return { error };
    }
  });
  await insertMessages(sql, [...ledger.inserts.values()], dialect.toTimeValue);
  await updateMessages(sql, [...ledger.updates.values()], dialect.toTimeValue);
  await updateProgress(sql, ledger.progress);
  await updateHeads(sql, ledger.advances, dialect.indexHint);
  return outcomes;
}

/**
 * Reads the memberships that the changes require. The room's lock is held, and joining and leaving take it too, so the
 * answer stays true until the commit.
 * @returns whether the `ifMember` user of a change is a member of its room.
 */
async function membershipCheck(sql: Sql, changes: Change[]): Promise<(change: Change) => boolean> {
  const required = new Map<string, string[]>();
  for (const [roomId, roomChanges] of Map.groupBy(changes, roomOf)) {
    required.set(roomId, [...new Set(roomChanges.flatMap(({ ifMember }) => ifMember ?? []))]);
  }
  const members = await membersAmong(sql, required);
  const found = new Set(members.map(({ roomId, userId }) => `${roomId} ${userId}`));
  return (change) => change.ifMember === undefined || found.has(`${roomOf(change)} ${change.ifMember}`);
}

function roomOf(change: Change): string {
  return change.type === 'append' ? change.message.roomId : change.roomId;
}

function append(ledger: Ledger, change: Extract<Change, { type: 'append' }>): ChangeOutcome {
  const { known, inserts } = ledger;
  const { message } = change;
  const saved = progressOf(change);
  if (saved) ledger.progress.set(saved.streamId, saved.heardUntil);
  const earlier = identityKeys(message)
    .map((key) => known.get(key))
    .find(Boolean);
  if (earlier) return { message: earlier, changed: false };
  const head = advanceHead(ledger, message.roomId, 1);
  const placed = {
    ...message,
    seq: head.lastSeq,
    rev: head.rev,
    reactions: [],
    editedAt: null,
    deletedAt: null,
  };
  inserts.set(placed.id, placed);
  for (const key of identityKeys(message)) known.set(key, placed);
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
  const amended = { ...changed, rev: advanceHead(ledger, change.roomId, 0).rev };
  for (const key of identityKeys(amended)) known.set(key, amended);
  (inserts.has(amended.id) ? inserts : updates).set(amended.id, amended);
  return { message: amended, changed: true };
}

/** Takes the room's next rev and, for a new message, its next seq. */
function advanceHead(ledger: Ledger, roomId: string, newMessages: 0 | 1): Head {
  const head = headOf(ledger, roomId);
  const advance = ledger.advances.get(roomId) ?? { seq: 0, rev: 0 };
  ledger.advances.set(roomId, { seq: advance.seq + newMessages, rev: advance.rev + 1 });
  head.lastSeq += newMessages;
  head.rev += 1;
  return head;
}

function streamSealed(): AppError {
  return new AppError('CONFLICT', 'stream_sealed', 'This speech stream was continued elsewhere.');
}

function headOf({ heads }: Ledger, roomId: string): Head {
  const head = heads.get(roomId);
  if (!head) throw new AppError('NOT_FOUND', 'room_unknown', 'There is no such room.');
  return head;
}
