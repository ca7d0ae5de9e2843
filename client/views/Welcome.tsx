import { createSignal, onMount, Show } from 'solid-js';
import { explainFailure } from '../i18n/explain.ts';
import { t } from '../i18n/i18n.ts';
import type { Session } from '../state/session.ts';
import { sendOnEnter } from './composition.ts';
import { Logo } from './icons.tsx';
import { LocaleSwitch } from './LocaleSwitch.tsx';

/** Asks a new visitor for a name. The server knows which names it takes, and says why it takes no other. */
export function Welcome(props: { session: Session }) {
  const [name, setName] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  let form!: HTMLFormElement;
  let input!: HTMLInputElement;

  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    await props.session.enter(name());
    setBusy(false);
  };

  onMount(() => {
    sendOnEnter(input, () => form.requestSubmit());
    input.focus();
  });

  return (
    <main class="welcome">
      <form ref={form} class="welcome-card" onSubmit={enter}>
        <h1 class="brand">
          <Logo /> Roomscribe
        </h1>
        <p class="quiet">{t('tagline')}</p>
        <label class="field">
          <span>{t('welcome.name')}</span>
          <input
            ref={input}
            name="name"
            autocomplete="nickname"
            required
            dir="auto"
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
