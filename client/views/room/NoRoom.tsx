import { t } from '../../i18n/i18n.ts';

/** Fills the place of the room until the person opens one. */
export function NoRoom() {
  return (
    <main class="notice">
      <p>{t('rooms.pick')}</p>
      <p class="quiet">{t('rooms.pickHint')}</p>
    </main>
  );
}
