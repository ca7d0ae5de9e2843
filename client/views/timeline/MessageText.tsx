import { createMemo, For, Show } from 'solid-js';
import type { Message } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import { MicrophoneIcon } from '../icons.tsx';
import { voicesOf } from './voices.ts';

export function MessageText(props: { message: Message }) {
  const voices = createMemo(() => {
    const { text, speech } = props.message;
    return text !== null && speech ? voicesOf(text, speech.words) : null;
  });
  return (
    <div class="bubble">
      <Show when={props.message.kind === 'speech'}>
        <span class="spoken">
          <MicrophoneIcon />
          <span class="hidden">{t('room.spoken')}: </span>
        </span>
      </Show>
      <span class="text">
        <Show when={voices()} fallback={props.message.text ?? t('room.removed')}>
          {(all) => (
            <For each={all()}>
              {({ speaker, text }) => (
                <span class="voice">
                  <small class="quiet">{t('message.voice', { number: Number(speaker) + 1 })}</small> {text}
                </span>
              )}
            </For>
          )}
        </Show>
      </span>
    </div>
  );
}

/** That a text is not the first one; what was heard instead of it is a touch away. */
export function EditedMark(props: { message: Message }) {
  const heard = () => props.message.speech?.original;
  return (
    <Show when={props.message.editedAt !== null && props.message.text !== null}>
      <Show when={heard()} fallback={<small class="edited quiet">{t('message.edited')}</small>}>
        {(original) => (
          <details class="edited quiet">
            <summary title={t('message.heard', { text: original() })}>{t('message.edited')}</summary>
            {t('message.heard', { text: original() })}
          </details>
        )}
      </Show>
    </Show>
  );
}
