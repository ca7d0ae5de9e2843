import { AppError } from '../../contract/errors.ts';
import type { Message, Reaction, Speech } from '../../contract/types.ts';
import type { Change } from '../store.ts';

type Amendment = Exclude<Change, { type: 'append' }>;

/** How many different emoji one message can carry. */
const REACTIONS_MAX = 20;

/**
 * What a message becomes by a change; the same object if nothing changes, so that whoever repeats a call takes no rev.
 * @throws AppError FORBIDDEN for somebody else's message, CONFLICT for one that was removed or is full, BAD_REQUEST for a
 *   gap, in which there is nothing to correct or to react to.
 */
export function applyChange(message: Message, change: Amendment): Message {
  switch (change.type) {
    case 'edit':
      return edit(message, change);
    case 'remove':
      return remove(message, change);
    case 'react':
      return react(message, change);
  }
}

function edit(message: Message, { by, text, mentions, at }: Extract<Change, { type: 'edit' }>): Message {
  mustBeOwn(message, by);
  mustBeThere(message);
  mustBeHeard(message);
  if (message.text === text && message.mentions.join() === mentions.join()) return message;
  return { ...message, text, mentions, editedAt: at, speech: withOriginal(message) };
}

/** A correction changes what is read, not what was heard: the words keep their times, and the first text stays. */
function withOriginal({ speech, text }: Message): Speech | null {
  return speech && { ...speech, original: speech.original ?? text ?? '' };
}

/** A removed message keeps its place and its author, and nothing of what it said. */
function remove(message: Message, { by, at }: Extract<Change, { type: 'remove' }>): Message {
  mustBeOwn(message, by);
  if (message.deletedAt) return message;
  return { ...message, text: null, mentions: [], reactions: [], speech: null, deletedAt: at };
}

function react(message: Message, { by, emoji, on }: Extract<Change, { type: 'react' }>): Message {
  mustBeThere(message);
  mustBeHeard(message);
  const { reactions } = message;
  const mine = reactions.find((reaction) => reaction.emoji === emoji);
  if ((mine?.userIds.includes(by) ?? false) === on) return message;
  if (!on) return { ...message, reactions: reactions.flatMap((other) => without(other, emoji, by)) };
  if (!mine && reactions.length >= REACTIONS_MAX) {
    throw new AppError('CONFLICT', 'reactions_full', `A message carries at most ${REACTIONS_MAX} emoji.`);
  }
  if (!mine) return { ...message, reactions: [...reactions, { emoji, userIds: [by] }] };
  const joined = { emoji, userIds: [...mine.userIds, by] };
  return { ...message, reactions: reactions.map((other) => (other === mine ? joined : other)) };
}

function without(reaction: Reaction, emoji: string, userId: string): Reaction[] {
  if (reaction.emoji !== emoji) return [reaction];
  const userIds = reaction.userIds.filter((id) => id !== userId);
  return userIds.length > 0 ? [{ emoji, userIds }] : [];
}

function mustBeOwn(message: Message, userId: string): void {
  if (message.author.id !== userId) {
    throw new AppError('FORBIDDEN', 'not_author', 'Only who wrote a message can change it.');
  }
}

function mustBeThere(message: Message): void {
  if (message.deletedAt) throw new AppError('CONFLICT', 'message_removed', 'The message was removed.');
}

function mustBeHeard({ speech }: Message): void {
  if (speech?.gap) throw new AppError('BAD_REQUEST', 'not_heard', 'Nothing was heard here.');
}
