import { A, useNavigate } from '@solidjs/router';
import { createSignal, Show } from 'solid-js';
import { t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import type { OpenRoom } from '../../state/room.ts';
import { copyText } from '../copyText.ts';
import { BackIcon, LinkIcon, PeopleIcon } from '../icons.tsx';
import { RoomMenu } from './RoomMenu.tsx';

const COPIED_SHOWN_MS = 2_000;
/** Longer, because the person has to do something. */
const NOT_COPIED_SHOWN_MS = 8_000;

export function RoomHead(props: { open: OpenRoom; onShowPeople: () => void }) {
  const { trpc, rooms } = useConnected();
  const navigate = useNavigate();
  const [copied, setCopied] = createSignal<'copied' | 'notCopied'>();

  const copy = async () => {
    const isCopied = await copyText(location.href);
    setCopied(isCopied ? 'copied' : 'notCopied');
    setTimeout(() => setCopied(), isCopied ? COPIED_SHOWN_MS : NOT_COPIED_SHOWN_MS);
  };
  const leave = async () => {
    await trpc.rooms.leave.mutate({ roomId: props.open.room().id });
    void rooms.refresh();
    navigate('/');
  };

  return (
    <header class="room-head">
      <A class="icon-button back" href="/" aria-label={t('rooms.back')}>
        <BackIcon />
      </A>
      <h2 class="ellipsis" dir="auto">
        {props.open.room().name}
      </h2>
      <button
        type="button"
        class="icon-button"
        onClick={() => void copy()}
        aria-label={t('rooms.copyLink')}
        title={t('rooms.copyLink')}
      >
        <LinkIcon />
      </button>
      <span class="copied" role="status">
        <Show when={copied()}>{(outcome) => t(`rooms.${outcome()}`)}</Show>
      </span>
      <RoomMenu room={props.open.room()} onChanged={props.open.setRoom} onLeave={() => void leave()} />
      <button
        type="button"
        class="icon-button people-button"
        onClick={() => props.onShowPeople()}
        aria-label={t('people.show')}
        title={t('people.show')}
      >
        <PeopleIcon /> <span aria-hidden="true">{props.open.onlineCount()}</span>
      </button>
    </header>
  );
}
