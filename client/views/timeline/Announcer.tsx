import { Key } from '@solid-primitives/keyed';
import { Show } from 'solid-js';
import { t } from '../../i18n/i18n.ts';
import type { Announcement } from '../../state/arrivals.ts';

/**
 * The live region that screen readers read out. Nobody sees it. It is apart from the timeline, where history, edits and
 * own messages come in too: those are no news.
 */
export function Announcer(props: { announcements: Announcement[] }) {
  return (
    <div class="hidden" aria-live="polite">
      <Key each={props.announcements} by="key">
        {(announcement) => <Announced announcement={announcement()} />}
      </Key>
    </div>
  );
}

function Announced(props: { announcement: Announcement }) {
  const message = () => ('message' in props.announcement ? props.announcement.message : null);
  const count = () => ('count' in props.announcement ? props.announcement.count : 0);
  return (
    <p>
      <Show when={message()} fallback={t('room.news', { count: count() })}>
        {(news) => (
          <>
            <bdi>{news().author.name}</bdi>: <bdi>{news().text}</bdi>
          </>
        )}
      </Show>
    </p>
  );
}
