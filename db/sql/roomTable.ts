import { type InferEntity, raw } from '@mikro-orm/core';
import { fold } from '../../contract/fold.ts';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { Room, SpeechSettings } from '../../contract/types.ts';
import type { RoomsPage, Store } from '../store.ts';
import type { Database } from './database.ts';
import type { Dialect } from './dialect.ts';
import { MemberEntity, RoomEntity } from './entities.ts';
import { readHeads } from './heads.ts';
import { type Membership, membershipsOf } from './memberships.ts';

type RoomMethods = Pick<Store, 'createRoom' | 'updateRoom' | 'findRoom' | 'listRooms' | 'heads'>;

export function roomTable(database: Database, dialect: Dialect): RoomMethods {
  return {
    async createRoom({ ownerId, ...room }) {
      await database.transaction(async (sql) => {
        const em = database.fork(sql);
        await em.insert(RoomEntity, {
          ...room,
          speech: orNull(room.speech),
          foldedName: fold(room.name),
          archivedAt: null,
          lastSeq: 0,
          rev: 0,
          memberCount: 1,
        });
        await em.insert(MemberEntity, {
          room: room.id,
          user: ownerId,
          role: 'owner',
          joinedAt: room.createdAt,
          lastReadSeq: 0,
        });
      });
    },

    updateRoom: (roomId, { speech, ...change }) =>
      // Under the room's lock, because two people may change different settings at the same time.
      database.transaction(async (sql) => {
        const heads = await dialect.lockHeads(sql, [roomId]);
        if (!heads.has(roomId)) return;
        const em = database.fork(sql);
        const row = await em.findOneOrFail(RoomEntity, { id: roomId });
        await em.nativeUpdate(
          RoomEntity,
          { id: roomId },
          {
            ...change,
            ...(change.name !== undefined && { foldedName: fold(change.name) }),
            speech: orNull({ ...row.speech, ...speech }),
          },
        );
      }),

    async findRoom(roomId, userId) {
      const row = await database.fork().findOne(RoomEntity, { id: roomId });
      // Asked for an unknown room too. So an outsider cannot tell it from a private one by the time of the answer.
      const memberships = await membershipsOf(database.sql, dialect, userId, [roomId]);
      return row && toRoom(row, memberships.get(roomId));
    },

    async listRooms(userId, page) {
      const rows = await database.fork().find(RoomEntity, visibleTo(userId, page), {
        orderBy: { id: 'desc' },
        limit: page.limit,
      });
      const memberships = await membershipsOf(
        database.sql,
        dialect,
        userId,
        rows.map((row) => row.id),
      );
      return rows.map((row) => toRoom(row, memberships.get(row.id)));
    },

    heads: (roomIds) => readHeads(database.sql, roomIds),
  };
}

function visibleTo(userId: string, { search, cursor }: RoomsPage) {
  return {
    archivedAt: null,
    $or: [{ visibility: 'public' as const }, { members: { $some: { user: userId } } }],
    ...(cursor && { id: { $lt: cursor } }),
    // One raw condition: with `{ [raw(…)]: { $gt: 0 } }` the ORM takes a question mark in the search for a parameter.
    ...(search && { [raw('instr(folded_name, ?) > 0', [fold(search)])]: [] }),
  };
}

/** Rooms without a chosen setting have null in this column. */
function orNull(chosen: Partial<SpeechSettings>): Partial<SpeechSettings> | null {
  return Object.keys(chosen).length > 0 ? chosen : null;
}

function toRoom(row: InferEntity<typeof RoomEntity>, membership: Membership | undefined): Room {
  return {
    id: row.id,
    name: row.name,
    visibility: row.visibility,
    language: row.language,
    speech: { ...DEFAULT_SPEECH_SETTINGS, ...row.speech },
    createdAt: row.createdAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
    lastSeq: row.lastSeq,
    rev: row.rev,
    memberCount: row.memberCount,
    role: membership?.role ?? null,
    unread: membership ? row.lastSeq - membership.knownSeq : null,
  };
}
