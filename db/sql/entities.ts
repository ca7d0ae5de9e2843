import { defineEntity, p } from '@mikro-orm/core';
import type { Reaction, Speech, SpeechSettings } from '../../contract/types.ts';

/** Ids are lower-case UUIDs (version 7, so that they grow with time and keep indexes compact). */
const id = () => p.string().length(36);

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: id().primary(),
    name: p.string().length(160),
    kind: p.enum(['guest', 'member', 'service']),
    createdAt: p.datetime(3),
  },
});

export const RoomEntity = defineEntity({
  name: 'Room',
  tableName: 'chat_rooms',
  properties: {
    id: id().primary(),
    name: p.string().length(320),
    /** The name as it is searched in: folded here, because databases fold by rules of their own. */
    foldedName: p.text(),
    visibility: p.enum(['public', 'private']),
    language: p.string().length(35),
    /** What was chosen of it; null for nothing, as most rooms have it. */
    speech: p.json<Partial<SpeechSettings>>().nullable(),
    createdAt: p.datetime(3),
    archivedAt: p.datetime(3).nullable(),
    /** The last message's seq and the last change's rev: both grow only in the transaction that writes the change. */
    lastSeq: p.integer(),
    rev: p.integer(),
    memberCount: p.integer(),
    members: () => p.oneToMany(MemberEntity).mappedBy('room'),
  },
});

export const MemberEntity = defineEntity({
  name: 'Member',
  tableName: 'members',
  properties: {
    room: () => p.manyToOne(RoomEntity).primary(),
    user: () => p.manyToOne(UserEntity).primary(),
    role: p.enum(['owner', 'member']),
    joinedAt: p.datetime(3),
    /** Up to which message they have read; where they joined, before they read anything. */
    lastReadSeq: p.integer(),
  },
  indexes: [{ properties: 'user' }],
});

export const MessageEntity = defineEntity({
  name: 'Message',
  tableName: 'messages',
  properties: {
    id: id().primary(),
    room: () => p.manyToOne(RoomEntity),
    seq: p.integer(),
    rev: p.integer(),
    kind: p.enum(['text', 'speech']),
    author: () => p.manyToOne(UserEntity),
    clientId: id().nullable(),
    text: p.text().nullable(),
    replyTo: id().nullable(),
    /** The ids of those it speaks to by name; null for nobody, as most messages have it. */
    mentions: p.json<string[]>().nullable(),
    /** With the message, not in a table of their own: they change under the room's lock and are read with it. */
    reactions: p.json<Reaction[]>().nullable(),
    createdAt: p.datetime(3),
    editedAt: p.datetime(3).nullable(),
    deletedAt: p.datetime(3).nullable(),
    /** When the first word of a spoken message was said: transcripts are cut out by this, not by `createdAt`. */
    spokenAt: p.datetime(3).nullable(),
    speech: p.json<Speech>().nullable(),
  },
  uniques: [
    { properties: ['room', 'seq'] },
    { properties: ['room', 'rev'] },
    { properties: ['room', 'author', 'clientId'] },
  ],
  indexes: [{ properties: ['room', 'spokenAt'] }, { properties: ['author', 'room', 'seq'] }],
});

export const entities = [UserEntity, RoomEntity, MemberEntity, MessageEntity];
