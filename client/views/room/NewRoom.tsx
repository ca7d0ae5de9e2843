import { useNavigate } from '@solidjs/router';
import { createSignal, onMount, Show } from 'solid-js';
import { explainFailure } from '../../i18n/explain.ts';
import { locale, t } from '../../i18n/i18n.ts';
import { describeFailure } from '../../sdk/errors.ts';
import { useConnected } from '../../state/connected.ts';
import { sendOnEnter } from '../composition.ts';

export function NewRoom(props: { onDone: () => void }) {
  const { rooms } = useConnected();
  const navigate = useNavigate();
  const [name, setName] = createSignal('');
  const [language, setLanguage] = createSignal(locale() === 'ko' ? 'ko-KR' : 'en-US');
  const [problem, setProblem] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  let form!: HTMLFormElement;
  let input!: HTMLInputElement;

  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    try {
      const room = await rooms.create(name(), language());
      props.onDone();
      navigate(`/rooms/${room.id}`);
    } catch (error) {
      setProblem(explainFailure(describeFailure(error)));
    }
    setBusy(false);
  };

  onMount(() => {
    sendOnEnter(input, () => form.requestSubmit());
    input.focus();
  });

  return (
    <form ref={form} class="new-room" onSubmit={create}>
      <label class="field">
        <span>{t('rooms.name')}</span>
        <input
          ref={input}
          required
          dir="auto"
          value={name()}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t('rooms.spoken')}</span>
        <select value={language()} onChange={(event) => setLanguage(event.currentTarget.value)}>
          <option value="en-US">English</option>
          <option value="ko-KR">한국어</option>
        </select>
      </label>
      <Show when={problem()}>
        <p role="alert">{problem()}</p>
      </Show>
      <div class="row">
        <button type="submit" class="button primary" disabled={busy()}>
          {t('rooms.make')}
        </button>
        <button type="button" class="button" onClick={() => props.onDone()}>
          {t('rooms.cancel')}
        </button>
      </div>
    </form>
  );
}
