import { Route, Router } from '@solidjs/router';
import { Match, onMount, Show, Switch } from 'solid-js';
import type { User } from '../../contract/types.ts';
import { explainFailure } from '../i18n/explain.ts';
import { t } from '../i18n/i18n.ts';
import { ConnectedContext, createConnected } from '../state/connected.ts';
import { createSession, type Session } from '../state/session.ts';
import { NoRoom } from './room/NoRoom.tsx';
import { RoomPage } from './room/RoomPage.tsx';
import { Shell } from './Shell.tsx';
import { Welcome } from './Welcome.tsx';

export function App() {
  const session = createSession();
  onMount(() => void session.load());
  return (
    <Switch fallback={<LoadingSession session={session} />}>
      <Match when={session.user()} keyed>
        {(user) => <SignedIn session={session} user={user} />}
      </Match>
      <Match when={session.user() === null}>
        <Welcome session={session} />
      </Match>
    </Switch>
  );
}

/** The page after the person has entered a name. A person who opened the link of a room lands in that room. */
function SignedIn(props: { session: Session; user: User }) {
  const connected = createConnected(props.session, props.user);
  return (
    <ConnectedContext.Provider value={connected}>
      <Router root={Shell}>
        <Route path="/rooms/:roomId" component={RoomPage} />
        <Route path="*" component={NoRoom} />
      </Router>
    </ConnectedContext.Provider>
  );
}

function LoadingSession(props: { session: Session }) {
  return (
    <main class="waiting">
      <Show when={props.session.failure()} fallback={<p role="status">{t('loading')}</p>}>
        {(failure) => (
          <>
            <p role="alert">{explainFailure(failure())}</p>
            <button type="button" class="button" onClick={() => void props.session.load()}>
              {t('retry')}
            </button>
          </>
        )}
      </Show>
    </main>
  );
}
