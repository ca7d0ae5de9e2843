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
          {(found) => (
            <For each={found()}>
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

/** Marks an edited message. For speech, a click shows the text as it was first recognised. */
export function EditedMark(props: { message: Message }) {
  const original = () => props.message.speech?.original;
  return (
    <Show when={props.message.editedAt !== null && props.message.text !== null}>
      <Show when={original()} fallback={<small class="edited quiet">{t('message.edited')}</small>}>
        {(text) => (
          <details class="edited quiet">
            <summary title={t('message.heard', { text: text() })}>{t('message.edited')}</summary>
            {t('message.heard', { text: text() })}
          </details>
        )}
      </Show>
    </Show>
  );
}
