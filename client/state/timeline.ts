import type { Message, Page } from '../../contract/types.ts';

/**
 * One open room's messages: pages of history, live events and answers to one's own sends, in whatever order and
 * however often they arrive, make one ordered list without doubles.
 *
 * Everything that was ever heard of is known, in its latest state (the highest rev wins). Shown is what stands in one
 * unbroken run from the oldest page loaded up to now. A change to a message above that run is known but not shown: it
 * waits for its page, which may have been read before the change.
 */
export type Timeline = {
  /** The run, by seq. Unchanged messages stay the same objects. */
  messages: () => Message[];
  /** Whether it is shown. */
  has: (messageId: string) => boolean;
  hasOlder: () => boolean;
  /** Whether the newest page is there. */
  isLoaded: () => boolean;
  /** Takes in a live event, or the answer to a send. Says whether it was new or newer than what was known. */
  receive: (message: Message) => boolean;
  /** The page to ask for next: the newest, or the one before the run. */
  nextPage: () => PageRequest;
  /** Forgets what stood at `rev`: the server will not replay what was missed. The newest page must come next. */
  reset: (rev: number) => void;
};

export type PageRequest = {
  /** A seq, exclusive; undefined for the newest page. */
  before: number | undefined;
  /** Takes the answer in, unless a reset has come since it was asked for: between them there may be a hole. */
  take: (page: Page<Message>) => void;
};

export function createTimeline(): Timeline {
  let known = new Map<string, Message>();
  let oldest: number | undefined;
  let hasOlder = false;
  let resets = 0;
  let shown: Message[] | undefined;

  const receive = (message: Message): boolean => {
    const before = known.get(message.id);
    if (before && before.rev >= message.rev) return false;
    known.set(message.id, message);
    shown = undefined;
    return true;
  };

  const addPage = ({ items, hasMore }: Page<Message>) => {
    items.forEach(receive);
    const first = items[0]?.seq ?? 1;
    // A page that comes twice, or late, must not cut off what is shown already.
    if (oldest !== undefined && first >= oldest) return;
    oldest = first;
    hasOlder = hasMore;
    shown = undefined;
  };

  return {
    messages() {
      shown ??= run(known.values(), oldest);
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
      const askedAfter = resets;
      return {
        before: oldest,
        take: (page) => {
          if (askedAfter === resets) addPage(page);
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

function run(known: Iterable<Message>, oldest: number | undefined): Message[] {
  if (oldest === undefined) return [];
  return [...known].filter((message) => message.seq >= oldest).sort((a, b) => a.seq - b.seq);
}
