import { useParams } from '@solidjs/router';
import { createResource, Match, Show, Switch } from 'solid-js';
import { explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import { describeFailure } from '../../sdk/errors.ts';
import { useConnected } from '../../state/connected.ts';
import { enterRoom } from '../../state/room.ts';
import { RoomView } from './RoomView.tsx';

/** The room of the current URL. A person who opens the link of a room joins it. */
export function RoomPage() {
  const connected = useConnected();
  const params = useParams();
  const [room, { refetch }] = createResource(
    () => params.roomId,
    (roomId) => enterRoom(connected, roomId),
  );
  return (
    <Switch fallback={<p class="notice quiet">{t('loading')}</p>}>
      <Match when={room.error}>
        {(error) => (
          <main class="notice">
            <p role="alert">{explain(error())}</p>
            <Show when={describeFailure(error()).code !== 'NOT_FOUND'}>
              <button type="button" class="button" onClick={() => void refetch()}>
                {t('retry')}
              </button>
            </Show>
          </main>
        )}
      </Match>
      <Match when={room()} keyed>
        {(entered) => <RoomView room={entered} />}
      </Match>
    </Switch>
  );
}

function explain(error: unknown): string {
  const failure = describeFailure(error);
  return failure.code === 'NOT_FOUND' ? t('room.unknown') : `${t('room.failed')} ${explainFailure(failure)}`;
}
