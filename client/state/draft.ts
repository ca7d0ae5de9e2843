import { type Accessor, createSignal } from 'solid-js';
import { storage } from './storage.ts';

export type RoomDraft = {
  text: Accessor<string>;
  write: (text: string) => void;
  /** Puts a message that was not sent back, before what the person has written since. */
  restore: (text: string) => void;
  /** How often a message was put back. */
  restored: Accessor<number>;
};

/** The text that a person is writing in a room. It survives a reload. */
export function createDraft(roomId: string): RoomDraft {
  const key = `roomscribe.draft.${roomId}`;
  const [text, setText] = createSignal(storage.getItem(key) ?? '');
  const [restored, setRestored] = createSignal(0);
  const write = (next: string) => {
    setText(next);
    if (next === '') storage.removeItem(key);
    else storage.setItem(key, next);
  };
  return {
    text,
    write,
    restore(unsent) {
      write(text() === '' ? unsent : `${unsent}\n${text()}`);
      setRestored((count) => count + 1);
    },
    restored,
  };
}
