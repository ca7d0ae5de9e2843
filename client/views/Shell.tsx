import type { RouteSectionProps } from '@solidjs/router';
import { createMemo, ErrorBoundary } from 'solid-js';
import { t } from '../i18n/i18n.ts';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { Sidebar } from './Sidebar.tsx';

/** The frame of every page: the list of rooms beside the open room. A phone shows one of the two. */
export function Shell(props: RouteSectionProps) {
  const isInRoom = createMemo(() => props.location.pathname.startsWith('/rooms/'));
  return (
    <div class="shell" classList={{ 'in-room': isInRoom() }}>
      <ConnectionBanner />
      <Sidebar />
      <div class="content">
        <ErrorBoundary fallback={(_, reset) => <RoomError onRetry={reset} />}>{props.children}</ErrorBoundary>
      </div>
    </div>
  );
}

function RoomError(props: { onRetry: () => void }) {
  return (
    <main class="notice">
      <p role="alert">{t('room.failed')}</p>
      <button type="button" class="button" onClick={() => props.onRetry()}>
        {t('retry')}
      </button>
    </main>
  );
}
