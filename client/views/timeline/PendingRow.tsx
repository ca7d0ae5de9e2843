import { Show } from 'solid-js';
import { explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { Pending } from '../../state/outbox.ts';

/** A message of the person's own that is still being sent, or that the server refused. */
export function PendingRow(props: {
  pending: Pending;
  onResend: (clientId: string) => void;
  onDiscard: (clientId: string) => void;
}) {
  return (
    <article class="message own pending" classList={{ failed: props.pending.failure !== null }}>
      <div class="message-body">
        <div class="bubble">
          <span class="text">{props.pending.text}</span>
        </div>
        <Show when={props.pending.failure} fallback={<small class="quiet">{t('message.sending')}</small>}>
          {(failure) => (
            <div class="row end">
              <small role="alert">{t('message.failed', { why: explainFailure(failure()) })}</small>
              <button
                type="button"
                class="button small"
                onClick={() => props.onResend(props.pending.clientId)}
              >
                {t('message.resend')}
              </button>
              <button
                type="button"
                class="button small"
                onClick={() => props.onDiscard(props.pending.clientId)}
              >
                {t('message.discard')}
              </button>
            </div>
          )}
        </Show>
      </div>
    </article>
  );
}
