import type { Message, Page } from '../../contract/types.ts';

/**
 * The messages of one open room. Pages of history, live events and answers to the person's own sends may arrive in any
 * order and more than once. They make one ordered list without doubles.
 *
 * The timeline keeps the latest state of every message that it received: the highest rev wins. It shows an unbroken run
 * from the oldest loaded page to the newest message. A change to an older message is kept but not shown until its page
 * is loaded, because the server may have read that page before the change.
 */
export type Timeline = {
  /** The shown messages, by seq. Unchanged messages stay the same objects. */
  messages: () => Message[];
  /** Whether the message is shown. */
  has: (messageId: string) => boolean;
  hasOlder: () => boolean;
  /** Whether the newest page is loaded. */
  isLoaded: () => boolean;
  /** Accepts a live event or the answer to a send. @returns whether the message is new or has a higher rev. */
  receive: (message: Message) => boolean;
  /** The page to load next: the newest, or the one before the shown messages. */
  nextPage: () => PageRequest;
  /** Forgets the messages up to `rev`: the server cannot replay the missed changes. Load the newest page next. */
  reset: (rev: number) => void;
};

export type PageRequest = {
  /** A seq, exclusive; undefined for the newest page. */
  before: number | undefined;
  /** Adds the page, unless a reset came after the request: then messages may be missing between them. */
  accept: (page: Page<Message>) => void;
};

export function createTimeline(): Timeline {
  let known = new Map<string, Message>();
  let oldest: number | undefined;
  let hasOlder = false;
  let resets = 0;
  let shown: Message[] | undefined;

  const receive = (message: Message): boolean => {
    const previous = known.get(message.id);
    if (previous && previous.rev >= message.rev) return false;
    known.set(message.id, message);
    shown = undefined;
    return true;
  };

  const addPage = ({ items, hasMore }: Page<Message>) => {
    items.forEach(receive);
    const first = items[0]?.seq ?? 1;
    // A page that comes twice, or late, must not shorten the shown run.
    if (oldest !== undefined && first >= oldest) return;
    oldest = first;
    hasOlder = hasMore;
    shown = undefined;
  };

  return {
    messages() {
      shown ??= unbrokenRun(known.values(), oldest);
      return shown;
    },
    has(messageId) {
      const message = known.get(messageId);
      return message !== undefined && oldest !== undefined && message.seq >= oldest;
    },
    hasOlder: () => hasOlder,
    isLoaded: () => oldest !== undefined,
    receive,
    nextPage() {
      const resetsBefore = resets;
      return {
        before: oldest,
        accept: (page) => {
          if (resetsBefore === resets) addPage(page);
        },
      };
    },
    reset(rev) {
      resets += 1;
      known = new Map([...known].filter(([, message]) => message.rev > rev));
      oldest = undefined;
      hasOlder = false;
      shown = undefined;
    },
  };
}

function unbrokenRun(known: Iterable<Message>, oldest: number | undefined): Message[] {
  if (oldest === undefined) return [];
  return [...known].filter((message) => message.seq >= oldest).sort((a, b) => a.seq - b.seq);
}
