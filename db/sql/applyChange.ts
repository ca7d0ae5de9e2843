import { AppError } from '../../contract/errors.ts';
import type { Message, Reaction, Speech } from '../../contract/types.ts';
import type { Change } from '../store.ts';

type Amendment = Exclude<Change, { type: 'append' }>;

/** How many different emoji one message can carry. */
const REACTIONS_MAX = 20;

/**
 * Applies a change to a message.
 * @returns the changed message, or the same object if nothing changes. A repeated call then takes no rev.
 * @throws AppError: FORBIDDEN for another author's message; CONFLICT for a removed message, or for one with too many
 *   emoji; BAD_REQUEST for an edit of a gap or a reaction to it.
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
  mustNotBeRemoved(message);
  mustNotBeGap(message);
  if (message.text === text && message.mentions.join() === mentions.join()) return message;
  return { ...message, text, mentions, editedAt: at, speech: withOriginal(message) };
}

/** A corrected utterance keeps its words with their times. The text that the engine recognised stays as `original`. */
function withOriginal({ speech, text }: Message): Speech | null {
  return speech && { ...speech, original: speech.original ?? text ?? '' };
}

/** A removed message keeps its place and its author. Its content is erased. */
function remove(message: Message, { by, at }: Extract<Change, { type: 'remove' }>): Message {
  mustBeOwn(message, by);
  if (message.deletedAt) return message;
  return { ...message, text: null, mentions: [], reactions: [], speech: null, deletedAt: at };
}

function react(message: Message, { by, emoji, on }: Extract<Change, { type: 'react' }>): Message {
  mustNotBeRemoved(message);
  mustNotBeGap(message);
  const { reactions } = message;
  const existing = reactions.find((reaction) => reaction.emoji === emoji);
  if ((existing?.userIds.includes(by) ?? false) === on) return message;
  if (!on) return { ...message, reactions: reactions.flatMap((other) => without(other, emoji, by)) };
  if (!existing && reactions.length >= REACTIONS_MAX) {
    throw new AppError('CONFLICT', 'reactions_full', `A message carries at most ${REACTIONS_MAX} emoji.`);
  }
  if (!existing) return { ...message, reactions: [...reactions, { emoji, userIds: [by] }] };
  const joined = { emoji, userIds: [...existing.userIds, by] };
  return { ...message, reactions: reactions.map((other) => (other === existing ? joined : other)) };
}

function without(reaction: Reaction, emoji: string, userId: string): Reaction[] {
  if (reaction.emoji !== emoji) return [reaction];
  const userIds = reaction.userIds.filter((id) => id !== userId);
  return userIds.length > 0 ? [{ emoji, userIds }] : [];
}

function mustBeOwn(message: Message, userId: string): void {
  if (message.author.id !== userId) {
    throw new AppError('FORBIDDEN', 'not_author', 'Only its author can change a message.');
  }
}

function mustNotBeRemoved(message: Message): void {
  if (message.deletedAt) throw new AppError('CONFLICT', 'message_removed', 'The message was removed.');
}

function mustNotBeGap({ speech }: Message): void {
  if (speech?.gap)
    throw new AppError(
      'BAD_REQUEST',
      'not_heard',
      'Nothing was heard here, so there is nothing to edit or to react to.',
    );
}
