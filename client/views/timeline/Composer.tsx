import { createEffect, createSignal, on, onMount, Show } from 'solid-js';
import { codePoints, LIMITS } from '../../../contract/limits.ts';
import type { Room } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import type { MicrophoneControl } from '../../state/microphone.ts';
import { storage } from '../../state/storage.ts';
import { SendIcon } from '../icons.tsx';
import { MicrophoneButton } from '../speech/MicrophoneButton.tsx';
import { sendOnEnter } from './composition.ts';

/** With fewer characters left than this, the composer shows how many. */
const WARN_LEFT = 200;

export function Composer(props: {
  roomId: string;
  room: Room;
  onSend: (text: string) => void;
  microphone: MicrophoneControl;
}) {
  const key = `roomscribe.draft.${props.roomId}`;
  const [text, setText] = createSignal(storage.getItem(key) ?? '');
  const left = () => LIMITS.textLength - codePoints(text().trim());
  let area!: HTMLTextAreaElement;

  createEffect(
    on(text, () => {
      if (text() === '') storage.removeItem(key);
      else storage.setItem(key, text());
      area.style.height = 'auto';
      area.style.height = `${area.scrollHeight}px`;
    }),
  );

  const send = () => {
    const trimmed = text().trim();
    if (trimmed === '' || left() < 0) return;
    props.onSend(trimmed);
    setText('');
    area.focus();
  };

  onMount(() => sendOnEnter(area, send));

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <MicrophoneButton microphone={props.microphone} room={props.room} />
      <div class="composer-text">
        <textarea
          ref={area}
          rows="1"
          placeholder={t('message.write')}
          aria-label={t('message.write')}
          aria-invalid={left() < 0}
          enterkeyhint="send"
          value={text()}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Show when={left() < WARN_LEFT}>
          <small classList={{ over: left() < 0 }} role="status">
            {left() < 0 ? t('message.over', { count: -left() }) : t('message.left', { count: left() })}
          </small>
        </Show>
      </div>
      <button
        type="submit"
        class="icon-button send"
        aria-label={t('message.send')}
        disabled={text().trim() === '' || left() < 0}
      >
        <SendIcon />
      </button>
    </form>
  );
}
