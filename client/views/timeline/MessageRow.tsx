import { createMemo, Show } from 'solid-js';
import type { Message } from '../../../contract/types.ts';
import { explainGap } from '../../i18n/explain.ts';
import { dayOf, t, timeOf } from '../../i18n/i18n.ts';
import type { Editing } from '../../state/editing.ts';
import type { OpenRoom } from '../../state/room.ts';
import { Avatar } from '../Avatar.tsx';
import { PencilIcon } from '../icons.tsx';
import { EditMessage } from './EditMessage.tsx';
import { isPending, type Line } from './lines.ts';
import { EditedMark, MessageText } from './MessageText.tsx';
import { SendState } from './SendState.tsx';

export function DaySeparator(props: { at: string }) {
  return (
    <div class="day">
      <time dateTime={props.at}>{dayOf(props.at)}</time>
    </div>
  );
}

/**
 * One line of the timeline, from the moment it is written. What changes later changes inside of the row: the row itself,
 * the focus and a selection in it stay.
 * @param first whether this message starts a group of messages by one person.
 */
export function MessageRow(props: {
  line: Line;
  own: boolean;
  first: boolean;
  editing: Editing;
  open: OpenRoom;
}) {
  const pending = () => (isPending(props.line) ? props.line : null);
  const message = () => (isPending(props.line) ? null : props.line);
  return (
    <article
      class="message"
      classList={{
        own: props.own,
        first: props.first,
        pending: pending() !== null,
        failed: (pending()?.failure ?? null) !== null,
      }}
      data-seq={message()?.seq}
    >
      <Show when={props.first && !props.own && message()}>{(sent) => <Avatar user={sent().author} />}</Show>
      <div class="message-body">
        <Show when={props.first && message()}>
          {(sent) => <MessageHead message={sent()} own={props.own} />}
        </Show>
        <MessageBody line={props.line} own={props.own} editing={props.editing} />
        <Show when={pending()}>{(unsent) => <SendState pending={unsent()} open={props.open} />}</Show>
      </div>
    </article>
  );
}

function MessageHead(props: { message: Message; own: boolean }) {
  return (
    <header class="message-head">
      <b class="ellipsis" classList={{ hidden: props.own }} dir="auto">
        {props.message.author.name}
      </b>
      <time class="quiet" dateTime={props.message.createdAt}>
        {timeOf(props.message.createdAt)}
      </time>
    </header>
  );
}

function MessageBody(props: { line: Line; own: boolean; editing: Editing }) {
  const message = () => (isPending(props.line) ? null : props.line);
  const gap = createMemo(() => {
    const speech = message()?.speech;
    return speech ? explainGap(speech) : null;
  });
  const isEdited = () => message() !== null && props.editing.draft()?.message.id === message()?.id;
  const editable = () => (props.own && !gap() && message()?.text != null ? message() : null);
  return (
    <Show when={!isEdited()} fallback={<EditMessage editing={props.editing} />}>
      <div class="bubble-line">
        <Show when={editable()}>
          {(own) => (
            <button
              type="button"
              class="icon-button pencil"
              data-edits={own().id}
              aria-label={t('message.edit')}
              title={t('message.edit')}
              onClick={() => props.editing.start(own())}
            >
              <PencilIcon />
            </button>
          )}
        </Show>
        <Show when={gap()} fallback={<MessageText line={props.line} />}>
          {(text) => <small class="gap quiet text">{text()}</small>}
        </Show>
      </div>
      <Show when={message()}>{(sent) => <EditedMark message={sent()} />}</Show>
    </Show>
  );
}
