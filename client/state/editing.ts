import { type Accessor, createSignal } from 'solid-js';
import { codePoints, LIMITS } from '../../contract/limits.ts';
import { cleanText, isVisible } from '../../contract/text.ts';
import type { Message } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type Draft = { message: Message; text: string };

export type Editing = {
  /** The message that is being edited, and its new text; null for none. */
  draft: Accessor<Draft | null>;
  failure: Accessor<Failure | null>;
  /** Whether the new text is neither blank nor too long. */
  canSave: Accessor<boolean>;
  start: (message: Message) => void;
  write: (text: string) => void;
  cancel: () => void;
  /** If the server refuses the new text, the draft stays and `failure` says why. */
  save: () => Promise<void>;
};

/** Edits the person's own messages, typed or spoken, one at a time. Changes to the list do not touch the draft. */
export function createEditing(edit: (message: Message, text: string) => Promise<void>): Editing {
  const [draft, setDraft] = createSignal<Draft | null>(null);
  const [failure, setFailure] = createSignal<Failure | null>(null);
  const clean = () => cleanText(draft()?.text ?? '');
  const canSave = () => isVisible(clean()) && codePoints(clean()) <= LIMITS.textLength;
  let saving = false;

  const show = (next: Draft | null) => {
    setFailure(null);
    setDraft(next);
  };

  return {
    draft,
    failure,
    canSave,
    start: (message) => show({ message, text: message.text ?? '' }),
    write: (text) => setDraft((current) => current && { ...current, text }),
    cancel: () => show(null),
    async save() {
      const editing = draft();
      if (!editing || !canSave() || saving) return;
      if (clean() === editing.message.text) return show(null);
      saving = true;
      try {
        await edit(editing.message, clean());
        if (draft()?.message.id === editing.message.id) show(null);
      } catch (error) {
        setFailure(describeFailure(error));
      } finally {
        saving = false;
      }
    },
  };
}
