import { type Accessor, createContext, createSignal, onCleanup, useContext } from 'solid-js';
import type { EngineInfo, User } from '../../contract/types.ts';
import { type ConnectionState, createRoomscribeClient, type RoomscribeClient } from '../sdk/client.ts';
import { describeFailure } from '../sdk/errors.ts';
import type { Way } from '../sdk/transport.ts';
import { createRoomList, type RoomList } from './roomList.ts';
import type { Session } from './session.ts';

/** The connection to the server and the state that all views share, for a person who has entered. */
export type Connected = {
  user: User;
  trpc: RoomscribeClient['trpc'];
  connection: Accessor<ConnectionState>;
  /** `events` while WebSockets are blocked. */
  way: Accessor<Way>;
  online: Accessor<boolean>;
  /** Calls the listener after each reconnect, until the reactive owner is disposed. */
  onReconnect: (listener: () => void) => void;
  retryNow: () => void;
  /** Makes reconnects faster while the person speaks. @returns a function that ends this. */
  hurry: () => () => void;
  rooms: RoomList;
  /** undefined until the server has answered. */
  engine: Accessor<EngineInfo | undefined>;
};

export function createConnected(session: Session, user: User): Connected {
  const client = createRoomscribeClient({ url: location.origin });
  const { connection } = client;
  const [state, setState] = createSignal(connection.state());
  const [way, setWay] = createSignal(connection.way());
  const [engine, setEngine] = createSignal<EngineInfo>();
  const listeners = new Set<() => void>();
  onCleanup(
    connection.subscribe((next) => {
      // Calls that were under way fail when the way changes, as they do when the connection is lost.
      const isBack = next === 'open' && (state() !== 'open' || way() !== connection.way());
      setState(next);
      setWay(connection.way());
      if (isBack) for (const listener of listeners) listener();
    }),
  );
  onCleanup(() => void client.close());

  const rooms = createRoomList(client.trpc, user.id);
  const refresh = () => {
    void rooms.refresh();
    client.trpc.transcripts.engine.query().then(setEngine, (error: unknown) => {
      if (describeFailure(error).code === 'UNAUTHORIZED') session.forget();
    });
  };
  listeners.add(refresh);
  refresh();

  return {
    user,
    trpc: client.trpc,
    connection: state,
    way,
    online: createOnline(() => connection.retryNow()),
    onReconnect(listener) {
      listeners.add(listener);
      onCleanup(() => listeners.delete(listener));
    },
    retryNow: () => connection.retryNow(),
    hurry: () => connection.hurry(),
    rooms,
    engine,
  };
}

/** Whether the browser reports a network. Calls `retry` when the network comes back or the page is shown again. */
function createOnline(retry: () => void): Accessor<boolean> {
  const [online, setOnline] = createSignal(navigator.onLine);
  const update = () => {
    setOnline(navigator.onLine);
    if (navigator.onLine && !document.hidden) retry();
  };
  const abort = new AbortController();
  const options = { signal: abort.signal };
  window.addEventListener('online', update, options);
  window.addEventListener('offline', update, options);
  document.addEventListener('visibilitychange', update, options);
  onCleanup(() => abort.abort());
  return online;
}

export const ConnectedContext = createContext<Connected>();

export function useConnected(): Connected {
  const connected = useContext(ConnectedContext);
  if (!connected) throw new Error('useConnected() was called outside of ConnectedContext.');
  return connected;
}
