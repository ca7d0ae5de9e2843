import { Key } from '@solid-primitives/keyed';
import { A } from '@solidjs/router';
import { createSignal, Show } from 'solid-js';
import type { Room } from '../../contract/types.ts';
import { explainFailure } from '../i18n/explain.ts';
import { t } from '../i18n/i18n.ts';
import { useConnected } from '../state/connected.ts';
import { Avatar } from './Avatar.tsx';
import { Logo, PlusIcon } from './icons.tsx';
import { LocaleSwitch } from './LocaleSwitch.tsx';
import { NewRoom } from './room/NewRoom.tsx';

export function Sidebar() {
  const { rooms, user } = useConnected();
  const [creating, setCreating] = createSignal(false);
  return (
    <nav class="sidebar" aria-label={t('rooms.title')}>
      <header class="sidebar-head">
        <h1 class="brand">
          <Logo /> Roomscribe
        </h1>
        <button
          type="button"
          class="button"
          aria-expanded={creating()}
          onClick={() => setCreating(!creating())}
        >
          <PlusIcon /> {t('rooms.create')}
        </button>
      </header>
      <Show when={creating()}>
        <NewRoom onDone={() => setCreating(false)} />
      </Show>
      <input
        class="search"
        type="search"
        dir="auto"
        placeholder={t('rooms.search')}
        aria-label={t('rooms.search')}
        value={rooms.search()}
        onInput={(event) => rooms.setSearch(event.currentTarget.value)}
      />
      <ul class="rooms">
        <Key each={rooms.items()} by="id" fallback={<NoRooms />}>
          {(room) => <RoomLink room={room()} />}
        </Key>
        <RoomsFailure />
        <Show when={rooms.hasMore()}>
          <li>
            <button type="button" class="button quiet-button" onClick={() => void rooms.more()}>
              {t('rooms.more')}
            </button>
          </li>
        </Show>
      </ul>
      <footer class="sidebar-foot">
        <Avatar user={user} />
        <span class="ellipsis" dir="auto">
          {user.name}
        </span>
        <LocaleSwitch />
      </footer>
    </nav>
  );
}

function RoomLink(props: { room: Room }) {
  const count = () => props.room.memberCount;
  return (
    <li>
      <A class="room-link" href={`/rooms/${props.room.id}`} activeClass="active" inactiveClass="">
        <span class="room-name ellipsis" dir="auto">
          {props.room.name}
        </span>
        <Show when={props.room.unread}>
          {(unread) => (
            <span class="unread">
              <span aria-hidden="true">{unread()}</span>
              <span class="hidden">{t('rooms.unread', { count: unread() })}</span>
            </span>
          )}
        </Show>
        <small class="quiet">
          {count() === 1 ? t('rooms.oneMember') : t('rooms.members', { count: count() })}
        </small>
      </A>
    </li>
  );
}

/** Why the list shows no rooms: it is loading, there are none, or it failed. */
function NoRooms() {
  const { rooms } = useConnected();
  const text = () => {
    if (!rooms.loaded()) return t('loading');
    return rooms.search() ? t('rooms.notFound') : t('rooms.none');
  };
  return (
    <Show when={rooms.failure() === null}>
      <li class="quiet rooms-none">{text()}</li>
    </Show>
  );
}

/** The list may be old, or empty, because it could not be loaded. */
function RoomsFailure() {
  const { rooms, retryNow } = useConnected();
  const retry = () => {
    retryNow();
    void rooms.refresh();
  };
  return (
    <Show when={rooms.failure()}>
      {(failure) => (
        <li class="rooms-none">
          <p role="alert">{explainFailure(failure())}</p>
          <button type="button" class="button small" onClick={retry}>
            {t('retry')}
          </button>
        </li>
      )}
    </Show>
  );
}
