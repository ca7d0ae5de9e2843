import { createEffect, onCleanup, onMount, Show } from 'solid-js';
import { explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { Editing } from '../../state/editing.ts';
import { isComposing, sendOnEnter } from '../composition.ts';

/** Replaces a message while its author edits it. When it closes, the focus returns to the message's edit button. */
export function EditMessage(props: { editing: Editing }) {
  const id = props.editing.draft()?.message.id;
  let area!: HTMLTextAreaElement;

  createEffect(() => {
    area.value = props.editing.draft()?.text ?? '';
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  });
  queueMicrotask(() => area.focus());
  onCleanup(() => queueMicrotask(() => document.querySelector<HTMLElement>(`[data-edits="${id}"]`)?.focus()));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !isComposing(event) && !event.shiftKey) props.editing.cancel();
  };
  onMount(() => sendOnEnter(area, () => void props.editing.save()));

  return (
    <form
      class="edit-message"
      onSubmit={(event) => {
        event.preventDefault();
        void props.editing.save();
      }}
    >
      <textarea
        ref={area}
        rows="1"
        dir="auto"
        aria-label={t('message.editing')}
        aria-describedby="edit-hint"
        aria-invalid={!props.editing.canSave()}
        enterkeyhint="done"
        onInput={(event) => props.editing.write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Show when={props.editing.failure()}>
        {(failure) => <small role="alert">{t('message.notSaved', { why: explainFailure(failure()) })}</small>}
      </Show>
      <div class="row end">
        <small id="edit-hint" class="quiet">
          {t('message.editHint')}
        </small>
        <button type="button" class="button small" onClick={() => props.editing.cancel()}>
          {t('message.cancel')}
        </button>
        <button type="submit" class="button small primary" disabled={!props.editing.canSave()}>
          {t('message.save')}
        </button>
      </div>
    </form>
  );
}
