import { type Accessor, batch, createSignal, onCleanup } from 'solid-js';
import type { Message, RoomEvent } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';
import { createTimeline } from './timeline.ts';

export type History = {
  messages: Accessor<Message[]>;
  /** `failed`: the newest messages could not be loaded yet. They are asked for again and again. */
  status: Accessor<'loading' | 'loaded' | 'failed'>;
  hasEarlier: Accessor<boolean>;
  loadEarlier: () => Promise<void>;
  merge: (messages: Message[]) => void;
  has: (messageId: string) => boolean;
};

export type HistoryOptions = {
  roomId: string;
  /** The room's rev and last seq, read before the history is created. */
  rev: number;
  lastSeq: number;
  onEvent: (event: RoomEvent) => void;
  /** Messages that are new or have changed. */
  onMessages: (messages: Message[]) => void;
  /** A message that came live, after all that were known. A change or a page of history is no arrival. */
  onArrival: (message: Message) => void;
  onRefused: (failure: Failure) => void;
};

const RETRY_MS = 2_000;

/**
 * A room's messages without a gap. The rev is read first, then live changes are subscribed to from that rev on, then
 * the newest page is loaded. So every change is in the page or comes live. A change that is in both is merged by rev.
 */
export function createHistory({ trpc }: Connected, options: HistoryOptions): History {
  const { roomId, onEvent, onMessages, onArrival, onRefused } = options;
  const timeline = createTimeline();
  const [messages, setMessages] = createSignal<Message[]>([]);
  const [hasEarlier, setHasEarlier] = createSignal(false);
  const [status, setStatus] = createSignal<'loading' | 'loaded' | 'failed'>('loading');
  let closed = false;
  let newestSeq = options.lastSeq;

  const show = (changed: Message[]) =>
    batch(() => {
      newestSeq = Math.max(newestSeq, changed.at(-1)?.seq ?? 0);
      // After a reset the old messages stay on screen until the newest page is loaded.
      if (timeline.isLoaded()) {
        setMessages(timeline.messages());
        setStatus('loaded');
      }
      setHasEarlier(timeline.hasOlder());
      onMessages(changed.filter(({ id }) => timeline.has(id)));
    });
  const merge = (changed: Message[]) => {
    changed.forEach(timeline.receive);
    show(changed);
  };

  const loadPage = async () => {
    const { before, accept } = timeline.nextPage();
    const page = await trpc.messages.list.query({ roomId, before });
    accept(page);
    show(page.items);
  };
  const loadNewest = async (): Promise<void> => {
    try {
      await loadPage();
    } catch {
      setStatus((known) => (known === 'loaded' ? known : 'failed'));
      if (!closed) setTimeout(() => void loadNewest(), RETRY_MS);
    }
  };

  const receive = (event: RoomEvent) => {
    if (event.type === 'message') {
      const isArrival = event.message.seq > newestSeq;
      merge([event.message]);
      if (isArrival) onArrival(event.message);
      return;
    }
    if (event.type !== 'reset') return onEvent(event);
    timeline.reset(event.rev);
    void loadNewest();
  };

  const live = trpc.messages.live.subscribe(
    { roomId, lastEventId: String(options.rev) },
    { onData: ({ data }) => receive(data), onError: (error) => onRefused(describeFailure(error)) },
  );
  onCleanup(() => {
    closed = true;
    live.unsubscribe();
  });
  void loadNewest();

  return {
    messages,
    status,
    hasEarlier,
    // A failure does no harm: the next scroll up loads again.
    loadEarlier: oneAtATime(async () => {
      if (timeline.hasOlder()) await loadPage().catch(() => {});
    }),
    merge,
    has: timeline.has,
  };
}

/** Ignores calls while one is running. */
function oneAtATime(run: () => Promise<void>): () => Promise<void> {
  let isRunning = false;
  return async () => {
    if (isRunning) return;
    isRunning = true;
    await run();
    isRunning = false;
  };
}
