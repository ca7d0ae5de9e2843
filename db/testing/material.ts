import { randomUUID, randomUUIDv7 } from 'node:crypto';
import type { Message, Speech, User } from '../../contract/types.ts';
import type { Change, ChangeOutcome, NewMessage, NewRoom, Store } from '../store.ts';

/** The start of each store test: two people, and a room that Ada owns. */
export type Scene = { store: Store; ada: User; ben: User; room: string };

/** A user who is not in the database, and the id of a room that is not. */
export const NOBODY: User = { id: '00000000-0000-7000-8000-000000000000', name: 'Nobody', kind: 'guest' };
export const NOWHERE = '00000000-0000-7000-8000-000000000001';

export const seqs = (messages: Message[]) => messages.map(({ seq }) => seq);
/** 1, 2, 3 … `last`. */
export const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

export async function addPerson(store: Pick<Store, 'addUser'>, name = 'Ada'): Promise<User> {
  const user: User = { id: randomUUIDv7(), name, kind: 'guest' };
  await store.addUser(user, new Date());
  return user;
}

export async function addRoom(
  store: Pick<Store, 'createRoom'>,
  owner: User,
  room: Partial<NewRoom> = {},
): Promise<string> {
  const id = room.id ?? randomUUIDv7();
  const defaults = {
    name: 'A room',
    visibility: 'public',
    language: 'en-US',
    speech: {},
    createdAt: new Date(),
  } as const;
  await store.createRoom({ ownerId: owner.id, ...defaults, ...room, id });
  return id;
}

/** A new text message. */
export function typed(roomId: string, author: User, message: Partial<NewMessage> = {}): NewMessage {
  return {
    id: randomUUIDv7(),
    roomId,
    kind: 'text',
    author: { id: author.id, name: author.name },
    clientId: randomUUID(),
    text: 'hello',
    replyTo: null,
    mentions: [],
    createdAt: new Date().toISOString(),
    speech: null,
    ...message,
  };
}

/** A new speech message: an utterance that begins at `startedAt`, an ISO 8601 time. */
export function spoken(roomId: string, author: User, startedAt: string, text = 'said'): NewMessage {
  const speech: Speech = {
    streamId: randomUUIDv7(),
    startedAt,
    endedAt: startedAt,
    language: 'en-US',
    confidence: 0.75,
    words: [{ text, start: 0.25, end: 0.5, confidence: null }],
    engine: 'sherpa',
  };
  return { ...typed(roomId, author), kind: 'speech', clientId: null, text, speech };
}

/** A gap of ten seconds. */
export function unheard(roomId: string, author: User, startedAt: string): NewMessage {
  const endedAt = new Date(Date.parse(startedAt) + 10_000).toISOString();
  const message = spoken(roomId, author, startedAt, '');
  return { ...message, speech: { ...(message.speech as Speech), endedAt, words: [], gap: 'network' } };
}

export const appending = (message: NewMessage): Change => ({ type: 'append', message });

export function append(
  store: Pick<Store, 'commitChanges'>,
  messages: NewMessage[],
): Promise<ChangeOutcome[]> {
  return store.commitChanges(messages.map(appending));
}

/** The messages of a batch's outcomes. Fails the test if a change was refused. */
export function kept(outcomes: ChangeOutcome[]): Message[] {
  return outcomes.map((outcome) => {
    if ('error' in outcome) throw outcome.error;
    return outcome.message;
  });
}

/** A search that may take its time, so that a slow machine finds as much as a fast one. */
export const PATIENT = { workMs: Number.POSITIVE_INFINITY };
