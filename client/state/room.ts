import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { CaptionEvent, Message, Room, Utterance } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import { type Announcement, createArrivals } from './arrivals.ts';
import { CaptionBoard, type CaptionStream } from './captionBoard.ts';
import type { Connected } from './connected.ts';
import { createDraft, type RoomDraft } from './draft.ts';
import { createHistory, type History, type HistoryOptions } from './history.ts';
import { Outbox, type Pending } from './outbox.ts';
import { createPeople, type People, type Person } from './people.ts';
import { createReading } from './readMarker.ts';
import { storage } from './storage.ts';

export type OpenRoom = Pick<History, 'messages' | 'status' | 'hasEarlier' | 'loadEarlier'> & {
  room: Accessor<Room>;
  /** Shows the room as the server returned it after a change. */
  setRoom: (room: Room) => void;
  send: (text: string) => void;
  resend: (clientId: string) => void;
  discard: (clientId: string) => void;
  draft: RoomDraft;
  /** Takes a message that was not sent back into the draft. Sent again, it is a new message. */
  rewrite: (pending: Pending) => void;
  /** The message with this seq, and so all before it, was on the screen. */
  see: (seq: number) => void;
  /** What a screen reader says: messages of others that arrive live. */
  announcements: Accessor<Announcement[]>;
  /** @throws the error of the call, if the server refuses the edit. */
  edit: (message: Message, text: string) => Promise<void>;
  pending: Accessor<Pending[]>;
  people: Accessor<Person[]>;
  peopleStatus: People['status'];
  reloadPeople: () => void;
  onlineCount: Accessor<number>;
  lines: Accessor<Utterance[]>;
  streams: Accessor<CaptionStream[]>;
  /** Set when the server ends the room's live subscription for good, e.g. after the person was removed. */
  refused: Accessor<Failure | null>;
};

/** After this time without an answer, a message is sent again. Its `clientId` prevents a double. */
const SEND_TIMEOUT_MS = 10_000;
/** After a reconnect, the server has this long to send the current captions again. */
const CONFIRM_MS = 5_000;
/** How long the reason for the end of a stream is shown. */
const ENDED_SHOWN_MS = 12_000;

/** Returns a room, and joins it first if the person is not a member. */
export async function enterRoom({ trpc, rooms }: Connected, roomId: string): Promise<Room> {
  const room = await trpc.rooms.get.query({ roomId });
  if (room.role) return room;
  const joined = await trpc.rooms.join.mutate({ roomId });
  void rooms.refresh();
  return joined;
}

/** The state of one open room. It is disposed with the reactive owner that creates it. */
export function createOpenRoom(connected: Connected, room: Room): OpenRoom {
  const { trpc, user } = connected;
  const roomId = room.id;
  const [refused, setRefused] = createSignal<Failure | null>(null);
  const [current, setCurrent] = createSignal(room);
  const change = (changes: Partial<Room>) => {
    setCurrent((known) => ({ ...known, ...changes }));
    connected.rooms.change(roomId, changes);
  };
  const people = createPeople(connected, roomId);
  const reading = createReading(connected, { room: current, change, onlineCount: people.onlineCount });
  const arrivals = createArrivals();
  const captions = createCaptions(connected, roomId, (id) => history.has(id));
  const history = createHistory(connected, {
    roomId,
    rev: room.rev,
    lastSeq: room.lastSeq,
    onEvent: roomEvents({ userId: user.id, people, reading, change }),
    onMessages(messages) {
      captions.removeLines(messages);
      reading.receive(messages);
    },
    onArrival(message) {
      if (message.author.id !== user.id) arrivals.add(message);
    },
    onRefused: setRefused,
  });

  const sending = createSending(connected, roomId, (message) => history.merge([message]));
  connected.onReconnect(() => {
    // The server does not send changes of the room's settings again.
    trpc.rooms.get.query({ roomId }).then(
      (room) => {
        change(room);
        reading.resume(room);
      },
      () => {},
    );
  });

  return {
    ...sending,
    room: current,
    setRoom: change,
    messages: history.messages,
    status: history.status,
    hasEarlier: history.hasEarlier,
    loadEarlier: history.loadEarlier,
    see: reading.see,
    announcements: arrivals.announcements,
    async edit({ id: messageId, mentions }, text) {
      const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
      history.merge([await trpc.messages.edit.mutate({ roomId, messageId, text, mentions }, { signal })]);
    },
    pending: () => notInTimeline(sending.pending(), history.messages(), user.id),
    people: people.items,
    peopleStatus: people.status,
    reloadPeople: people.reload,
    onlineCount: people.onlineCount,
    lines: captions.lines,
    streams: captions.streams,
    refused,
  };
}

type RoomEventParts = {
  userId: string;
  people: People;
  reading: ReturnType<typeof createReading>;
  change: (changes: Partial<Room>) => void;
};

/** Passes the events of a room that are no messages to what they change. */
function roomEvents({ userId, people, reading, change }: RoomEventParts): HistoryOptions['onEvent'] {
  return (event) => {
    if (event.type === 'presence') people.receive(event);
    if (event.type === 'read' && event.userId === userId) reading.know(event.seq);
    if (event.type !== 'room') return;
    if (event.change === 'updated') return change(event.room);
    if (event.change === 'role') {
      if (event.user.id === userId) change({ role: event.role });
      return;
    }
    change({ memberCount: event.memberCount });
    people.receive(event);
  };
}

/** The messages that the person writes, until the server has them. */
function createSending(
  { trpc, user, onReconnect }: Connected,
  roomId: string,
  onSent: (message: Message) => void,
): Pick<OpenRoom, 'pending' | 'send' | 'resend' | 'discard' | 'draft' | 'rewrite'> {
  const [pending, setPending] = createSignal<Pending[]>([]);
  const draft = createDraft(roomId);
  const outbox = new Outbox({
    storage,
    name: `${user.id}.${roomId}`,
    send: ({ clientId, text }) =>
      trpc.messages.send.mutate({ roomId, clientId, text }, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) }),
    describe: describeFailure,
    onChange: setPending,
    onSent,
  });
  onReconnect(() => outbox.retryNow());
  onCleanup(() => outbox.close());
  return {
    pending,
    draft,
    send: (text) => outbox.add(text),
    resend: (clientId) => outbox.resend(clientId),
    discard: (clientId) => outbox.discard(clientId),
    rewrite({ clientId, text }) {
      outbox.discard(clientId);
      draft.restore(text);
    },
  };
}

/** A sent message may arrive live before the answer to its send. Then it is no longer pending. */
function notInTimeline(pending: Pending[], messages: Message[], userId: string): Pending[] {
  if (pending.length === 0) return pending;
  const shown = new Set(
    messages.filter(({ author }) => author.id === userId).map(({ clientId }) => clientId),
  );
  return pending.filter(({ clientId }) => !shown.has(clientId));
}

function createCaptions(connected: Connected, roomId: string, isInTimeline: (id: string) => boolean) {
  const board = new CaptionBoard();
  const [lines, setLines] = createSignal<Utterance[]>([]);
  const [streams, setStreams] = createSignal<CaptionStream[]>([]);
  const show = () => {
    setLines(board.lines);
    setStreams(board.streams);
  };

  const forgetTimers = new Set<ReturnType<typeof setTimeout>>();
  const forgetLater = (streamId: string) => {
    const timer = setTimeout(() => {
      forgetTimers.delete(timer);
      board.forgetEnded(streamId);
      show();
    }, ENDED_SHOWN_MS);
    forgetTimers.add(timer);
  };
  onCleanup(() => forgetTimers.forEach(clearTimeout));
  const onData = (event: CaptionEvent) => {
    board.receive(event, isInTimeline);
    show();
    if (event.type === 'stream' && event.state === 'ended') forgetLater(event.streamId);
  };
  const live = connected.trpc.transcripts.live.subscribe({ roomId }, { onData });
  onCleanup(() => live.unsubscribe());
  let confirmTimer: ReturnType<typeof setTimeout> | undefined;
  connected.onReconnect(() => {
    board.markUnconfirmed();
    clearTimeout(confirmTimer);
    confirmTimer = setTimeout(() => {
      board.dropUnconfirmed();
      show();
    }, CONFIRM_MS);
  });
  onCleanup(() => clearTimeout(confirmTimer));

  return {
    lines,
    streams,
    removeLines(messages: Message[]) {
      board.removeLines(messages.map(({ id }) => id));
      show();
    },
  };
}
