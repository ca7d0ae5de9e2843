import { defineEntity, p } from '@mikro-orm/core';
import type { Reaction, Speech, SpeechSettings } from '../../contract/types.ts';

/** Ids are lower-case UUIDs of version 7: they grow with time, which keeps indexes compact. */
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
    /** The name for searches. We fold it ourselves, because each database folds by its own rules. */
    foldedName: p.text(),
    visibility: p.enum(['public', 'private']),
    language: p.string().length(35),
    /** The settings that the owner chose. Most rooms have none: null. */
    speech: p.json<Partial<SpeechSettings>>().nullable(),
    createdAt: p.datetime(3),
    archivedAt: p.datetime(3).nullable(),
    /** The last message's seq and the last change's rev. Only the transaction that writes a change raises them. */
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
    /** The seq of the last message they have read. At first it is the room's last seq when they joined. */
    lastReadSeq: p.integer(),
  },
  indexes: [{ properties: ['user', 'room'] }],
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
    /** The text for searches, as long as the text itself. Lazy, so that a list of messages does not read it. */
    folded: p.text().nullable().lazy(),
    replyTo: id().nullable(),
    /** The ids of the mentioned members. Most messages mention nobody: null. */
    mentions: p.json<string[]>().nullable(),
    /** Not in their own table: they change under the room's lock, and every read of a message needs them. */
    reactions: p.json<Reaction[]>().nullable(),
    createdAt: p.datetime(3),
    editedAt: p.datetime(3).nullable(),
    deletedAt: p.datetime(3).nullable(),
    /** The start of a spoken message. Transcripts select by this time, not by `createdAt`. */
    spokenAt: p.datetime(3).nullable(),
    speech: p.json<Speech>().nullable(),
  },
  uniques: [
    { properties: ['room', 'seq'] },
    { properties: ['room', 'rev'] },
    { properties: ['room', 'author', 'clientId'] },
  ],
  indexes: [
    { properties: ['room', 'spokenAt'] },
    { properties: ['author', 'room', 'seq'] },
    { properties: ['room', 'id'] },
  ],
});

export const entities = [UserEntity, RoomEntity, MemberEntity, MessageEntity];
