import type { Message } from '../../../contract/types.ts';
import { isSameDay } from '../../i18n/i18n.ts';
import type { Pending } from '../../state/outbox.ts';

/** Messages of one person within this time are grouped under one name. */
const GROUP_MS = 5 * 60_000;

/** A line of the timeline: a message, or one of the person's own that is still being sent. */
export type Line = Message | Pending;

export function isPending(line: Line): line is Pending {
  return 'failure' in line;
}

/**
 * Stays the same for as long as a line is shown: from being written to being sent, edited or removed. Only the person's
 * own client ids count, because anybody can choose the same one.
 */
export function keyOf(line: Line, userId: string): string {
  if (isPending(line)) return line.clientId;
  return line.author.id === userId ? (line.clientId ?? line.id) : line.id;
}

export function isOwn(line: Line, userId: string): boolean {
  return isPending(line) || line.author.id === userId;
}

/** The time of the first message of a day; null for every other line. */
export function startOfDay(line: Line, previous: Line | undefined): string | null {
  if (isPending(line)) return null;
  const isFirst = !previous || isPending(previous) || !isSameDay(dateOf(previous), dateOf(line));
  return isFirst ? line.createdAt : null;
}

export function startsGroup(line: Line, previous: Line | undefined): boolean {
  if (isPending(line)) return false;
  if (!previous || isPending(previous) || startOfDay(line, previous) !== null) return true;
  const gapMs = dateOf(line).getTime() - dateOf(previous).getTime();
  return previous.author.id !== line.author.id || gapMs > GROUP_MS;
}

function dateOf({ createdAt }: Message): Date {
  return new Date(createdAt);
}
