import { createEffect, createSignal, onCleanup, Show } from 'solid-js';
import { t } from '../i18n/i18n.ts';
import { useConnected } from '../state/connected.ts';

/** The banner appears after this time, so that a short loss of the connection shows nothing. */
const SHOW_AFTER_MS = 1_000;

export function ConnectionBanner() {
  const { connection, way, online, retryNow } = useConnected();
  const [dismissed, setDismissed] = createSignal(false);
  const [shown, setShown] = createSignal(false);
  createEffect(() => {
    if (connection() === 'open') return void setShown(false);
    const timer = setTimeout(() => setShown(true), SHOW_AFTER_MS);
    onCleanup(() => clearTimeout(timer));
  });
  const text = () => {
    if (!online()) return t('connection.offline');
    if (connection() === 'refused') return t('connection.refused');
    return connection() === 'connecting' ? t('connection.connecting') : t('connection.lost');
  };
  return (
    <div class="banner-place" role="status">
      <Show when={shown()}>
        <div class="banner">
          <span>{text()}</span>
          <button type="button" class="button small" onClick={retryNow}>
            {t('connection.now')}
          </button>
        </div>
      </Show>
      <Show when={!shown() && way() === 'events' && !dismissed()}>
        <div class="banner">
          <span>{t('connection.blocked')}</span>
          <button type="button" class="button small" onClick={() => setDismissed(true)}>
            {t('speech.dismiss')}
          </button>
        </div>
      </Show>
    </div>
  );
}
