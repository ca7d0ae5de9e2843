import { t } from '../../i18n/i18n.ts';

/** What stands beside the rooms until one is picked. */
export function NoRoom() {
  return (
    <main class="notice">
      <p>{t('rooms.pick')}</p>
      <p class="quiet">{t('rooms.pickHint')}</p>
    </main>
  );
}
