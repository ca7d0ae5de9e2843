import { For } from 'solid-js';
import { type Locale, locale, setLocale, t } from '../i18n/i18n.ts';

const NAMES: [Locale, string][] = [
  ['en', 'English'],
  ['ko', '한국어'],
];

export function LocaleSwitch() {
  return (
    <fieldset class="locales">
      <legend class="hidden">{t('language')}</legend>
      <For each={NAMES}>
        {([id, name]) => (
          <button type="button" lang={id} aria-pressed={locale() === id} onClick={() => setLocale(id)}>
            {name}
          </button>
        )}
      </For>
    </fieldset>
  );
}
