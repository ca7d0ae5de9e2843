import type { TRPCClient } from '@trpc/client';
import { CaptionBoard } from '../../client/state/captionBoard.ts';
import type { Message, RoomEvent } from '../../contract/types.ts';
import type { AppRouter } from '../../server/trpc/router.ts';

/** What one person was shown in one room. */
export type View = {
  person: string;
  roomId: string;
  /** In the order in which they came. */
  messages: Message[];
  resets: number;
  /** The ids of the people who are shown as present now. */
  present: Set<string>;
  /** The captions that are shown now. */
  board: CaptionBoard;
  /** When the page was connected last, by `performance.now()`; undefined while it is not. */
  connectedAt: number | undefined;
};

export type Page = { view: View; close: () => void };

const REOPEN_MS = 100;
/** After a reconnect, the server has this long to send the current captions again, as in `client/state/room.ts`. */
const CONFIRM_MS = 5_000;
/** A page that has been connected for this long has dropped what is no longer true. */
export const UP_TO_DATE_MS = CONFIRM_MS + 1_000;

export function emptyView(person: string, roomId: string): View {
  const shown = { messages: [], resets: 0, present: new Set<string>(), board: new CaptionBoard() };
  return { person, roomId, ...shown, connectedAt: undefined };
}

/** Opens a room as the page does, from its beginning on. It stays open over lost sockets and errors. */
export function openPage(trpc: TRPCClient<AppRouter>, person: string, roomId: string): Page {
  const view = emptyView(person, roomId);
  const shown = new Set<string>();
  let lastEventId = '0';
  let confirmTimer: NodeJS.Timeout | undefined;

  const receive = (event: RoomEvent) => {
    if (event.type === 'reset') view.resets += 1;
    if (event.type === 'presence') showPresence(view, event);
    if (event.type !== 'message') return;
    view.messages.push(event.message);
    shown.add(event.message.id);
    view.board.removeLines([event.message.id]);
  };
  const onConnected = () => {
    view.connectedAt = performance.now();
    view.board.markUnconfirmed();
    clearTimeout(confirmTimer);
    confirmTimer = setTimeout(() => view.board.dropUnconfirmed(), CONFIRM_MS);
  };

  const messages = keepOpen((onError) =>
    trpc.messages.live.subscribe(
      { roomId, lastEventId },
      {
        onData(event) {
          const { id, data } = event as unknown as { id: string; data: RoomEvent };
          lastEventId = id;
          receive(data);
        },
        onError,
      },
    ),
  );
  const captions = keepOpen((onError) =>
    trpc.transcripts.live.subscribe(
      { roomId },
      {
        onStarted: onConnected,
        onConnectionStateChange({ state }) {
          if (state !== 'pending') view.connectedAt = undefined;
        },
        onData: (event) => view.board.receive(event, (id) => shown.has(id)),
        onError,
      },
    ),
  );
  return {
    view,
    close() {
      clearTimeout(confirmTimer);
      messages();
      captions();
    },
  };
}

function showPresence({ present }: View, event: Extract<RoomEvent, { type: 'presence' }>): void {
  if (event.change === 'all') present.clear();
  for (const { id } of event.users) {
    if (event.change === 'left') present.delete(id);
    else present.add(id);
  }
}

/** The stock client reopens a subscription after a lost socket, and this function after an error. @returns an end. */
function keepOpen(subscribe: (onError: () => void) => { unsubscribe: () => void }): () => void {
  let isOpen = true;
  let current: { unsubscribe: () => void } | undefined;
  const open = () => {
    if (isOpen) current = subscribe(() => setTimeout(open, REOPEN_MS));
  };
  open();
  return () => {
    isOpen = false;
    current?.unsubscribe();
  };
}
