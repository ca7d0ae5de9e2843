import { createEffect, createSignal, For, Match, on, onCleanup, onMount, Show, Switch } from 'solid-js';
import { isSameDay, t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import { createEditing } from '../../state/editing.ts';
import type { OpenRoom } from '../../state/room.ts';
import { DownIcon } from '../icons.tsx';
import { DaySeparator, MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';

/** Within this distance of the end, the list follows new messages. */
const NEAR_PX = 80;
/** Within this distance of the top, the list loads earlier messages. */
const EARLIER_PX = 200;
/** Messages of one person within this time are grouped under one name. */
const GROUP_MS = 5 * 60_000;

export function TimelineView(props: { open: OpenRoom }) {
  const { user } = useConnected();
  const [following, setFollowing] = createSignal(true);
  const editing = createEditing(props.open.edit);
  let list!: HTMLDivElement;
  let height = 0;

  const toEnd = () => list.scrollTo({ top: list.scrollHeight });
  const onScroll = () => {
    // Captions that appear make the list smaller, which also fires `scroll`. The ResizeObserver below handles that.
    if (list.clientHeight !== height) return;
    setFollowing(list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX);
    if (list.scrollTop < EARLIER_PX && props.open.hasEarlier()) void loadEarlier();
  };
  /** Keeps the distance to the end, so that the messages on screen do not move when earlier ones appear above. */
  const loadEarlier = async () => {
    const fromEnd = list.scrollHeight - list.scrollTop;
    await props.open.loadEarlier();
    list.scrollTop = list.scrollHeight - fromEnd;
  };

  const messages = () => props.open.messages();
  createEffect(on([messages, props.open.pending], () => following() && toEnd()));
  onMount(() => {
    const observer = new ResizeObserver(() => {
      height = list.clientHeight;
      if (following()) toEnd();
    });
    observer.observe(list);
    onCleanup(() => observer.disconnect());
  });

  const startsDay = (index: number) => {
    const [previous, current] = [messages()[index - 1], messages()[index]];
    return !previous || !current || !isSameDay(new Date(previous.createdAt), new Date(current.createdAt));
  };
  const startsGroup = (index: number) => {
    const [previous, current] = [messages()[index - 1], messages()[index]];
    if (!previous || !current || startsDay(index)) return true;
    const gap = Date.parse(current.createdAt) - Date.parse(previous.createdAt);
    return previous.author.id !== current.author.id || gap > GROUP_MS;
  };

  return (
    <div class="timeline-place">
      <div
        class="timeline"
        ref={list}
        onScroll={onScroll}
        role="log"
        aria-label={t('room.timeline')}
        tabindex="0"
      >
        <Show
          when={props.open.hasEarlier()}
          fallback={<Beginning isEmpty={messages().length === 0} status={props.open.status()} />}
        >
          <button type="button" class="button quiet-button" onClick={() => void loadEarlier()}>
            {t('room.earlier')}
          </button>
        </Show>
        <For each={messages()}>
          {(message, index) => (
            <>
              <Show when={startsDay(index())}>
                <DaySeparator at={message.createdAt} />
              </Show>
              <MessageRow
                message={message}
                own={message.author.id === user.id}
                first={startsGroup(index())}
                editing={editing}
              />
            </>
          )}
        </For>
        <For each={props.open.pending()}>
          {(pending) => (
            <PendingRow pending={pending} onResend={props.open.resend} onDiscard={props.open.discard} />
          )}
        </For>
      </div>
      <Show when={!following()}>
        <button type="button" class="button to-end" onClick={toEnd}>
          <DownIcon /> {t('room.latest')}
        </button>
      </Show>
    </div>
  );
}

function Beginning(props: { isEmpty: boolean; status: ReturnType<OpenRoom['status']> }) {
  return (
    <div class="beginning quiet">
      <Switch fallback={<p>{t('room.start')}</p>}>
        <Match when={props.status === 'loading'}>
          <p>{t('loading')}</p>
        </Match>
        <Match when={props.status === 'failed'}>
          <p role="alert">{t('room.notLoaded')}</p>
        </Match>
        <Match when={props.isEmpty}>
          <p>{t('room.empty')}</p>
          <p>{t('room.emptyHint')}</p>
        </Match>
      </Switch>
    </div>
  );
}
