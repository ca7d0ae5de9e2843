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
  connected.onReconnect(() => {
    if (room.error && canOpenLater(room.error)) void refetch();
  });
  const retry = () => {
    connected.retryNow();
    void refetch();
  };
  return (
    <Switch fallback={<p class="notice quiet">{t('loading')}</p>}>
      <Match when={room.error}>
        {(error) => (
          <main class="notice">
            <p role="alert">{explain(error())}</p>
            <Show when={canOpenLater(error())}>
              <button type="button" class="button" onClick={retry}>
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

/** Whether the room may exist: an unknown one stays unknown. */
function canOpenLater(error: unknown): boolean {
  return describeFailure(error).code !== 'NOT_FOUND';
}

function explain(error: unknown): string {
  const failure = describeFailure(error);
  return failure.code === 'NOT_FOUND' ? t('room.unknown') : `${t('room.failed')} ${explainFailure(failure)}`;
}
