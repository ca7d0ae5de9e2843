import { Key } from '@solid-primitives/keyed';
import { Match, Show, Switch } from 'solid-js';
import { t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import type { Person } from '../../state/people.ts';
import { Avatar } from '../Avatar.tsx';
import { CloseIcon } from '../icons.tsx';

export function PeoplePanel(props: {
  people: Person[];
  status: 'loading' | 'loaded' | 'failed';
  onReload: () => void;
  onClose: () => void;
}) {
  const { user } = useConnected();
  return (
    <aside class="people" aria-label={t('people.title')}>
      <header>
        <h3>{t('people.title')}</h3>
        <button
          type="button"
          class="icon-button"
          onClick={() => props.onClose()}
          aria-label={t('people.close')}
        >
          <CloseIcon />
        </button>
      </header>
      <Switch>
        <Match when={props.status === 'loading'}>
          <p class="quiet">{t('loading')}</p>
        </Match>
        <Match when={props.status === 'failed'}>
          <p role="alert">{t('people.notLoaded')}</p>
          <button type="button" class="button small" onClick={() => props.onReload()}>
            {t('retry')}
          </button>
        </Match>
      </Switch>
      <ul>
        <Key each={props.people} by="id">
          {(person) => (
            <li classList={{ away: !person().online }}>
              <Avatar user={person()} />
              <span classList={{ ellipsis: person().id !== user.id }}>
                <bdi>{person().name}</bdi>
                <Show when={person().id === user.id}> {t('room.you')}</Show>
              </span>
              <small class="quiet">{t(person().online ? 'people.online' : 'people.offline')}</small>
            </li>
          )}
        </Key>
      </ul>
    </aside>
  );
}
