import { createEffect, on, onMount, Show } from 'solid-js';
import { codePoints, LIMITS } from '../../../contract/limits.ts';
import { cleanText, isVisible } from '../../../contract/text.ts';
import type { Room } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import type { RoomDraft } from '../../state/draft.ts';
import type { MicrophoneControl } from '../../state/microphone.ts';
import { sendOnEnter } from '../composition.ts';
import { SendIcon } from '../icons.tsx';
import { MicrophoneButton } from '../speech/MicrophoneButton.tsx';

/** With fewer characters left than this, the composer shows how many. */
const WARN_LEFT = 200;

export function Composer(props: {
  room: Room;
  draft: RoomDraft;
  onSend: (text: string) => void;
  microphone: MicrophoneControl;
}) {
  const text = () => props.draft.text();
  /** The text as the server keeps it. */
  const clean = () => cleanText(text());
  const left = () => LIMITS.textLength - codePoints(clean());
  const canSend = () => isVisible(clean()) && left() >= 0;
  let area!: HTMLTextAreaElement;

  createEffect(
    on(text, () => {
      area.style.height = 'auto';
      area.style.height = `${area.scrollHeight}px`;
    }),
  );

  createEffect(on(props.draft.restored, () => area.focus(), { defer: true }));

  const send = () => {
    if (!canSend()) return;
    props.onSend(clean());
    props.draft.write('');
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
          dir="auto"
          placeholder={t('message.write')}
          aria-label={t('message.write')}
          aria-invalid={left() < 0}
          enterkeyhint="send"
          value={text()}
          onInput={(event) => props.draft.write(event.currentTarget.value)}
        />
        <Show when={left() < WARN_LEFT}>
          <small classList={{ over: left() < 0 }} role="status">
            {left() < 0 ? t('message.over', { count: -left() }) : t('message.left', { count: left() })}
          </small>
        </Show>
      </div>
      <button type="submit" class="icon-button send" aria-label={t('message.send')} disabled={!canSend()}>
        <SendIcon />
      </button>
    </form>
  );
}
