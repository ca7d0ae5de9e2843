import { Key } from '@solid-primitives/keyed';
import {
  createEffect,
  createMemo,
  createSignal,
  Match,
  on,
  onCleanup,
  onMount,
  Show,
  Switch,
} from 'solid-js';
import { t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import { createEditing, type Editing } from '../../state/editing.ts';
import type { OpenRoom } from '../../state/room.ts';
import { DownIcon } from '../icons.tsx';
import { Announcer } from './Announcer.tsx';
import { isOwn, keyOf, type Line, startOfDay, startsGroup } from './lines.ts';
import { DaySeparator, MessageRow } from './MessageRow.tsx';
import { lastSeenSeq } from './seen.ts';

/** Within this distance of the end, the list follows new messages. */
const NEAR_PX = 80;
/** Within this distance of the top, the list loads earlier messages. */
const EARLIER_PX = 200;

export function TimelineView(props: { open: OpenRoom }) {
  const [following, setFollowing] = createSignal(true);
  const editing = createEditing(props.open.edit);
  let list!: HTMLDivElement;
  let top = 0;

  const toEnd = () => {
    list.scrollTo({ top: list.scrollHeight });
    top = list.scrollTop;
  };
  const onScroll = () => {
    notePlace();
    if (list.scrollTop < EARLIER_PX && props.open.hasEarlier()) void loadEarlier();
  };
  /**
   * Only who scrolls up stops following. The end also goes away when a message arrives, and when captions make the list
   * smaller, and both may happen before the `scroll` event of somebody who scrolled.
   */
  const notePlace = () => {
    const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    const wentUp = list.scrollTop < top;
    top = list.scrollTop;
    setFollowing(isNear || (following() && !wentUp));
    noteSeen();
  };
  const follow = () => {
    notePlace();
    if (following()) toEnd();
  };
  /** Keeps the distance to the end, so that the messages on screen do not move when earlier ones appear above. */
  const loadEarlier = async () => {
    const fromEnd = list.scrollHeight - list.scrollTop;
    await props.open.loadEarlier();
    list.scrollTop = list.scrollHeight - fromEnd;
  };

  const messages = () => props.open.messages();
  const lines = createMemo<Line[]>(() => [...messages(), ...props.open.pending()]);
  /** A page in a hidden tab, or a list that is scrolled up, shows new messages to nobody. */
  const noteSeen = () => {
    if (document.visibilityState !== 'visible') return;
    const seq = following() ? messages().at(-1)?.seq : lastSeenSeq(list);
    if (seq !== undefined) props.open.see(seq);
  };
  createEffect(
    on(lines, () => {
      if (following()) follow();
    }),
  );
  onMount(() => {
    // A list that grows may show more messages, up to the last.
    const observer = new ResizeObserver(follow);
    observer.observe(list);
    onCleanup(() => observer.disconnect());
    document.addEventListener('visibilitychange', noteSeen);
    onCleanup(() => document.removeEventListener('visibilitychange', noteSeen));
  });

  return (
    <div class="timeline-place">
      <div
        class="timeline"
        ref={list}
        onScroll={onScroll}
        role="log"
        aria-live="off"
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
        <Lines lines={lines()} editing={editing} open={props.open} />
      </div>
      <Announcer announcements={props.open.announcements()} />
      <Show when={!following()}>
        <button type="button" class="button to-end" onClick={toEnd}>
          <DownIcon /> {t('room.latest')}
        </button>
      </Show>
    </div>
  );
}

function Lines(props: { lines: Line[]; editing: Editing; open: OpenRoom }) {
  const { user } = useConnected();
  return (
    <Key each={props.lines} by={(line) => keyOf(line, user.id)}>
      {(line, index) => {
        const previous = createMemo(() => props.lines[index() - 1]);
        const day = createMemo(() => startOfDay(line(), previous()));
        return (
          <>
            <Show when={day()}>{(at) => <DaySeparator at={at()} />}</Show>
            <MessageRow
              line={line()}
              own={isOwn(line(), user.id)}
              first={startsGroup(line(), previous())}
              editing={props.editing}
              open={props.open}
            />
          </>
        );
      }}
    </Key>
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
