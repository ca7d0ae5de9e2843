import { createSignal, Show } from 'solid-js';
import { LIMITS } from '../../contract/limits.ts';
import { explainFailure } from '../i18n/explain.ts';
import { t } from '../i18n/i18n.ts';
import type { Session } from '../state/session.ts';
import { Logo } from './icons.tsx';
import { LocaleSwitch } from './LocaleSwitch.tsx';

/** Asks a new visitor for a name. */
export function Welcome(props: { session: Session }) {
  const [name, setName] = createSignal('');
  const [busy, setBusy] = createSignal(false);

  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    if (name().trim() === '' || busy()) return;
    setBusy(true);
    await props.session.enter(name().trim());
    setBusy(false);
  };

  return (
    <main class="welcome">
      <form class="welcome-card" onSubmit={enter}>
        <h1 class="brand">
          <Logo /> Roomscribe
        </h1>
        <p class="quiet">{t('tagline')}</p>
        <label class="field">
          <span>{t('welcome.name')}</span>
          <input
            ref={(input) => queueMicrotask(() => input.focus())}
            name="name"
            autocomplete="nickname"
            required
            dir="auto"
            maxLength={LIMITS.userNameLength}
            value={name()}
            onInput={(event) => setName(event.currentTarget.value)}
            aria-describedby="name-hint"
          />
          <small id="name-hint" class="quiet">
            {t('welcome.hint')}
          </small>
        </label>
        <Show when={props.session.failure()}>
          {(failure) => <p role="alert">{explainFailure(failure())}</p>}
        </Show>
        <button class="button primary" type="submit" disabled={busy()}>
          {t('welcome.enter')}
        </button>
        <LocaleSwitch />
      </form>
    </main>
  );
}
