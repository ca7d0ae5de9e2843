import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { CaptionEvent, Message, Room, Utterance } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import { CaptionBoard, type Speaking } from './captionBoard.ts';
import type { Connected } from './connected.ts';
import { createHistory, type History } from './history.ts';
import { Outbox, type Pending } from './outbox.ts';
import { createPeople, type Person } from './people.ts';
import { storage } from './storage.ts';

export type OpenRoom = Pick<History, 'messages' | 'hasEarlier' | 'loadEarlier'> & {
  room: Accessor<Room>;
  /** Takes in what the server answered to a change of the room. */
  setRoom: (room: Room) => void;
  send: (text: string) => void;
  resend: (clientId: string) => void;
  discard: (clientId: string) => void;
  /** @throws what the server refused it with. */
  edit: (message: Message, text: string) => Promise<void>;
  pending: Accessor<Pending[]>;
  people: Accessor<Person[]>;
  hereCount: Accessor<number>;
  lines: Accessor<Utterance[]>;
  speaking: Accessor<Speaking[]>;
  /** Set when the server does not let us stay. */
  refused: Accessor<Failure | null>;
};

/** A send that has no answer after this long is tried again; its `clientId` keeps it single. */
const SEND_TIMEOUT_MS = 10_000;
/** How long after a lost connection the server has to tell what is still being said. */
const DOUBT_MS = 5_000;
/** How long it is shown why a stream ended. */
const ENDED_MS = 12_000;

/** Joins a room, if that is still needed, and answers it as it stands. */
export async function enterRoom({ trpc, rooms }: Connected, roomId: string): Promise<Room> {
  const room = await trpc.rooms.get.query({ roomId });
  if (room.role) return room;
  const joined = await trpc.rooms.join.mutate({ roomId });
  void rooms.refresh();
  return joined;
}

/** Everything about one open room; belongs to the reactive owner that calls it, and ends with it. */
export function createOpenRoom(connected: Connected, room: Room): OpenRoom {
  const { trpc, user } = connected;
  const roomId = room.id;
  const [refused, setRefused] = createSignal<Failure | null>(null);
  const [current, setCurrent] = createSignal(room);
  const change = (news: Partial<Room>) => {
    setCurrent((known) => ({ ...known, ...news }));
    connected.rooms.change(roomId, news);
  };
  const people = createPeople(connected, roomId);
  const captions = createCaptions(connected, roomId, (id) => history.has(id));
  const history = createHistory(connected, {
    roomId,
    rev: room.rev,
    onEvent(event) {
      if (event.type === 'presence') people.receive(event);
      if (event.type !== 'room') return;
      if (event.change === 'updated') return change(event.room);
      change({ memberCount: event.memberCount });
      people.receive(event);
    },
    onMessages: (messages) => captions.settle(messages),
    onRefused: setRefused,
  });

  const [pending, setPending] = createSignal<Pending[]>([]);
  const outbox = new Outbox({
    storage,
    name: `${user.id}.${roomId}`,
    send: ({ clientId, text }) =>
      trpc.messages.send.mutate({ roomId, clientId, text }, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) }),
    describe: describeFailure,
    onChange: setPending,
    onSent: (message) => history.merge([message]),
  });
  connected.onReconnect(() => {
    outbox.wake();
    // What the owner changed meanwhile is not told again.
    trpc.rooms.get.query({ roomId }).then(change, () => {});
  });
  onCleanup(() => outbox.close());

  return {
    room: current,
    setRoom: change,
    messages: history.messages,
    hasEarlier: history.hasEarlier,
    loadEarlier: history.loadEarlier,
    send: (text) => outbox.add(text),
    resend: (clientId) => outbox.resend(clientId),
    discard: (clientId) => outbox.discard(clientId),
    async edit({ id: messageId, mentions }, text) {
      const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
      history.merge([await trpc.messages.edit.mutate({ roomId, messageId, text, mentions }, { signal })]);
    },
    pending: () => unseen(pending(), history.messages(), user.id),
    people: people.items,
    hereCount: people.hereCount,
    lines: captions.lines,
    speaking: captions.speaking,
    refused,
  };
}

/** A sent message may come back live before its answer does: then it is not pending any more. */
function unseen(pending: Pending[], messages: Message[], userId: string): Pending[] {
  if (pending.length === 0) return pending;
  const seen = new Set(messages.filter(({ author }) => author.id === userId).map(({ clientId }) => clientId));
  return pending.filter(({ clientId }) => !seen.has(clientId));
}

function createCaptions(connected: Connected, roomId: string, isInTimeline: (id: string) => boolean) {
  const board = new CaptionBoard();
  const [lines, setLines] = createSignal<Utterance[]>([]);
  const [speaking, setSpeaking] = createSignal<Speaking[]>([]);
  const show = () => {
    setLines(board.lines);
    setSpeaking(board.speaking);
  };

  const forgetting = new Set<ReturnType<typeof setTimeout>>();
  const forgetLater = (streamId: string) => {
    const timer = setTimeout(() => {
      forgetting.delete(timer);
      board.forgetEnded(streamId);
      show();
    }, ENDED_MS);
    forgetting.add(timer);
  };
  onCleanup(() => forgetting.forEach(clearTimeout));
  const onData = (event: CaptionEvent) => {
    board.receive(event, isInTimeline);
    show();
    if (event.type === 'stream' && event.state === 'ended') forgetLater(event.streamId);
  };
  const live = connected.trpc.transcripts.live.subscribe({ roomId }, { onData });
  onCleanup(() => live.unsubscribe());
  let doubting: ReturnType<typeof setTimeout> | undefined;
  connected.onReconnect(() => {
    board.doubt();
    clearTimeout(doubting);
    doubting = setTimeout(() => {
      board.dropDoubtful();
      show();
    }, DOUBT_MS);
  });
  onCleanup(() => clearTimeout(doubting));

  return {
    lines,
    speaking,
    settle(messages: Message[]) {
      board.settle(messages.map(({ id }) => id));
      show();
    },
  };
}
