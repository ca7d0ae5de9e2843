import { Show } from 'solid-js';
import type { Message } from '../../server/contract/types.ts';
import { dayOf, t, timeOf } from '../i18n/i18n.ts';
import { Avatar } from './Avatar.tsx';
import { MicrophoneIcon } from './icons.tsx';

export function DaySeparator(props: { at: string }) {
  return (
    <div class="day">
      <time dateTime={props.at}>{dayOf(props.at)}</time>
    </div>
  );
}

/** @param first whether it opens a group of one person's messages. */
export function MessageRow(props: { message: Message; own: boolean; first: boolean }) {
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
        <div class="bubble">
          <Show when={props.message.kind === 'speech'}>
            <span class="spoken">
              <MicrophoneIcon />
              <span class="hidden">{t('room.spoken')}: </span>
            </span>
          </Show>
          <span class="text">{props.message.text ?? t('room.removed')}</span>
        </div>
      </div>
    </article>
  );
}
