import { For } from 'solid-js';
import { languageName } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import { toggleLanguage } from '../../state/roomSettings.ts';

/** The languages that `auto` detects. */
export function LanguageChoice(props: {
  offered: string[];
  chosen: string[];
  onChoose: (chosen: string[]) => void;
}) {
  return (
    <fieldset class="field">
      <legend>{t('settings.languages')}</legend>
      <small class="quiet">{t('settings.languagesHint')}</small>
      <div class="languages">
        <For each={props.offered}>
          {(tag) => (
            <label class="checkbox">
              <input
                type="checkbox"
                checked={props.chosen.includes(tag)}
                onChange={() => props.onChoose(toggleLanguage(props.chosen, tag))}
              />
              <span>{languageName(tag)}</span>
            </label>
          )}
        </For>
      </div>
    </fieldset>
  );
}
