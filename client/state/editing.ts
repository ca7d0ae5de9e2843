import { type Accessor, createSignal } from 'solid-js';
import { codePoints, LIMITS } from '../../contract/limits.ts';
import type { Message } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type Draft = { message: Message; text: string };

export type Editing = {
  /** What is being written, and instead of what; null for nothing. */
  draft: Accessor<Draft | null>;
  failure: Accessor<Failure | null>;
  /** Whether it can be saved: it is not blank, and not too long. */
  isFit: Accessor<boolean>;
  begin: (message: Message) => void;
  write: (text: string) => void;
  leave: () => void;
  /** Keeps what was written if the server does not take it, and says why. */
  save: () => Promise<void>;
};

/** One's own messages, typed or spoken, written anew: one at a time. It outlasts whatever else changes in the list. */
export function createEditing(edit: (message: Message, text: string) => Promise<void>): Editing {
  const [draft, setDraft] = createSignal<Draft | null>(null);
  const [failure, setFailure] = createSignal<Failure | null>(null);
  const written = () => draft()?.text.trim() ?? '';
  const isFit = () => written() !== '' && codePoints(written()) <= LIMITS.textLength;
  let saving = false;

  const show = (next: Draft | null) => {
    setFailure(null);
    setDraft(next);
  };

  return {
    draft,
    failure,
    isFit,
    begin: (message) => show({ message, text: message.text ?? '' }),
    write: (text) => setDraft((known) => known && { ...known, text }),
    leave: () => show(null),
    async save() {
      const editing = draft();
      if (!editing || !isFit() || saving) return;
      if (written() === editing.message.text) return show(null);
      saving = true;
      try {
        await edit(editing.message, written());
        if (draft()?.message.id === editing.message.id) show(null);
      } catch (error) {
        setFailure(describeFailure(error));
      } finally {
        saving = false;
      }
    },
  };
}
