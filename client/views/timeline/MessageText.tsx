import { createMemo, Index, Show } from 'solid-js';
import type { Message } from '../../../contract/types.ts';
import { isolate, t } from '../../i18n/i18n.ts';
import { MicrophoneIcon } from '../icons.tsx';
import { isPending, type Line } from './lines.ts';
import { voicesOf } from './voices.ts';

export function MessageText(props: { line: Line }) {
  const speech = () => (isPending(props.line) ? null : props.line.speech);
  const isSpoken = () => !isPending(props.line) && props.line.kind === 'speech';
  const voices = createMemo(() => {
    const { text } = props.line;
    const { words } = speech() ?? {};
    return text !== null && words ? voicesOf(text, words) : null;
  });
  return (
    <div class="bubble">
      <Show when={isSpoken()}>
        <span class="spoken">
          <MicrophoneIcon />
          <span class="hidden">{t('room.spoken')}: </span>
        </span>
      </Show>
      <span class="text" dir="auto">
        <Show when={voices()} fallback={props.line.text ?? t('room.removed')}>
          {(found) => (
            <Index each={found()}>
              {(voice) => (
                <span class="voice">
                  <small class="quiet">{t('message.voice', { number: Number(voice().speaker) + 1 })}</small>{' '}
                  <bdi>{voice().text}</bdi>
                </span>
              )}
            </Index>
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
            <summary title={`${t('message.heard')} “${isolate(text())}”`}>{t('message.edited')}</summary>
            <span>
              {t('message.heard')} “<bdi>{text()}</bdi>”
            </span>
          </details>
        )}
      </Show>
    </Show>
  );
}
