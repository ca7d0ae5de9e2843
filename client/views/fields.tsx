import { createUniqueId, For, type JSX, Show } from 'solid-js';

type Field = {
  label: string;
  disabled?: boolean;
  /** Text below the field: what it does, or why it is disabled. */
  note?: string;
};

export function Choice<T extends string>(
  props: Field & { value: T; options: (readonly [T, string])[]; onChoose: (value: T) => void },
) {
  const note = createUniqueId();
  return (
    <WithNote id={note} note={props.note}>
      <label class="field">
        <span>{props.label}</span>
        <select
          disabled={props.disabled}
          aria-describedby={note}
          onChange={(event) => props.onChoose(event.currentTarget.value as T)}
        >
          <For each={props.options}>
            {([value, text]) => (
              <option value={value} selected={value === props.value}>
                {text}
              </option>
            )}
          </For>
        </select>
      </label>
    </WithNote>
  );
}

export function Checkbox(props: Field & { checked: boolean; onCheck: (checked: boolean) => void }) {
  const note = createUniqueId();
  return (
    <WithNote id={note} note={props.note}>
      <label class="checkbox">
        <input
          type="checkbox"
          checked={props.checked}
          disabled={props.disabled}
          aria-describedby={note}
          onChange={(event) => props.onCheck(event.currentTarget.checked)}
        />
        <span>{props.label}</span>
      </label>
    </WithNote>
  );
}

/** A field for the name of a resource at the engine. A blank field gives null. */
export function NameField(props: Field & { value: string | null; onWrite: (value: string | null) => void }) {
  const note = createUniqueId();
  return (
    <WithNote id={note} note={props.note}>
      <label class="field">
        <span>{props.label}</span>
        <input
          value={props.value ?? ''}
          disabled={props.disabled}
          aria-describedby={note}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => props.onWrite(event.currentTarget.value.trim() || null)}
        />
      </label>
    </WithNote>
  );
}

function WithNote(props: { id: string; note: string | undefined; children: JSX.Element }) {
  return (
    <div class="noted">
      {props.children}
      <Show when={props.note}>
        <small class="quiet" id={props.id}>
          {props.note}
        </small>
      </Show>
    </div>
  );
}
