import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { Message } from '../../contract/types.ts';

/** What a screen reader says: new messages, or how many there are. */
export type Announcement = { key: number; message: Message } | { key: number; count: number };

/** The first message of a pause is read out after this time. */
const SOON_MS = 200;
/** Later ones come together at this interval, because a screen reader needs time to speak. */
const INTERVAL_MS = 1_000;
/** More messages at once are only counted. */
const READ_OUT_MAX = 5;

/**
 * The messages to announce. Nothing here stays on: whoever listens later hears nothing old. Give it only messages of
 * others that arrive live.
 */
export class Arrivals {
  readonly #onChange: (announcements: Announcement[]) => void;
  #waiting: Message[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAt = 0;
  #key = 0;

  constructor(onChange: (announcements: Announcement[]) => void) {
    this.#onChange = onChange;
  }

  add(message: Message): void {
    // A gap or a removed message has no words.
    if (!message.text) return;
    this.#waiting.push(message);
    this.#timer ??= setTimeout(
      () => this.#announce(),
      Math.max(SOON_MS, this.#lastAt + INTERVAL_MS - Date.now()),
    );
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #announce(): void {
    this.#timer = undefined;
    this.#lastAt = Date.now();
    const messages = this.#waiting;
    this.#waiting = [];
    const contents =
      messages.length > READ_OUT_MAX
        ? [{ count: messages.length }]
        : messages.map((message) => ({ message }));
    this.#onChange(
      contents.map((content) => {
        this.#key += 1;
        return { key: this.#key, ...content };
      }),
    );
  }
}

export function createArrivals(): {
  announcements: Accessor<Announcement[]>;
  add: (message: Message) => void;
} {
  const [announcements, setAnnouncements] = createSignal<Announcement[]>([]);
  const arrivals = new Arrivals(setAnnouncements);
  onCleanup(() => arrivals.close());
  return { announcements, add: (message) => arrivals.add(message) };
}
