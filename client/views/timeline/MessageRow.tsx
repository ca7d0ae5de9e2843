import { Show } from 'solid-js';
import type { Message } from '../../../contract/types.ts';
import { explainGap } from '../../i18n/explain.ts';
import { dayOf, t, timeOf } from '../../i18n/i18n.ts';
import type { Editing } from '../../state/editing.ts';
import { Avatar } from '../Avatar.tsx';
import { PencilIcon } from '../icons.tsx';
import { EditMessage } from './EditMessage.tsx';
import { EditedMark, MessageText } from './MessageText.tsx';

export function DaySeparator(props: { at: string }) {
  return (
    <div class="day">
      <time dateTime={props.at}>{dayOf(props.at)}</time>
    </div>
  );
}

/** @param first whether this message starts a group of messages by one person. */
export function MessageRow(props: { message: Message; own: boolean; first: boolean; editing: Editing }) {
  const gap = () => props.message.speech && explainGap(props.message.speech);
  const isEdited = () => props.editing.draft()?.message.id === props.message.id;
  return (
    <article class="message" classList={{ own: props.own, first: props.first }}>
      <Show when={props.first && !props.own}>
        <Avatar user={props.message.author} />
      </Show>
      <div class="message-body">
        <Show when={props.first}>
          <header class="message-head">
            <b class="ellipsis" classList={{ hidden: props.own }}>
              {props.message.author.name}
            </b>
            <time class="quiet" dateTime={props.message.createdAt}>
              {timeOf(props.message.createdAt)}
            </time>
          </header>
        </Show>
        <Show when={!isEdited()} fallback={<EditMessage editing={props.editing} />}>
          <div class="bubble-line">
            <Show when={props.own && props.message.text !== null && !gap()}>
              <button
                type="button"
                class="icon-button pencil"
                data-edits={props.message.id}
                aria-label={t('message.edit')}
                title={t('message.edit')}
                onClick={() => props.editing.start(props.message)}
              >
                <PencilIcon />
              </button>
            </Show>
            <Show when={gap()} fallback={<MessageText message={props.message} />}>
              {(text) => <small class="gap quiet text">{text()}</small>}
            </Show>
          </div>
          <EditedMark message={props.message} />
        </Show>
      </div>
    </article>
  );
}
