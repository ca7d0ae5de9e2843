import { Show } from 'solid-js';
import { explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { Pending } from '../../state/outbox.ts';
import type { OpenRoom } from '../../state/room.ts';

/** Below a message that is still being sent, or that the server refused: what its author can do. */
export function SendState(props: { pending: Pending; open: OpenRoom }) {
  return (
    <Show when={props.pending.failure} fallback={<small class="quiet">{t('message.sending')}</small>}>
      {(failure) => (
        <div class="row end">
          <small role="alert">{t('message.failed', { why: explainFailure(failure()) })}</small>
          <div class="row end">
            <button type="button" class="button small" onClick={() => props.open.rewrite(props.pending)}>
              {t('message.edit')}
            </button>
            <button
              type="button"
              class="button small"
              onClick={() => props.open.resend(props.pending.clientId)}
            >
              {t('message.resend')}
            </button>
            <button
              type="button"
              class="button small"
              onClick={() => props.open.discard(props.pending.clientId)}
            >
              {t('message.discard')}
            </button>
          </div>
        </div>
      )}
    </Show>
  );
}
