import { type Accessor, batch, createSignal, onCleanup } from 'solid-js';
import type { Message, RoomEvent } from '../../contract/types.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';
import { createTimeline } from './timeline.ts';

export type History = {
  messages: Accessor<Message[]>;
  hasEarlier: Accessor<boolean>;
  loadEarlier: () => Promise<void>;
  merge: (messages: Message[]) => void;
  has: (messageId: string) => boolean;
};

type Parts = {
  roomId: string;
  /** The room's rev as it was read before anything else. */
  rev: number;
  onEvent: (event: RoomEvent) => void;
  onMessages: (messages: Message[]) => void;
  onRefused: (failure: Failure) => void;
};

const AGAIN_MS = 2_000;

/**
 * A room's messages, without a gap: the rev was read first, live changes are asked for from that rev on, and the newest
 * page is listed after both. So every change is in the page or comes live; what is in both is merged by rev.
 */
export function createHistory({ trpc }: Connected, parts: Parts): History {
  const { roomId, onEvent, onMessages, onRefused } = parts;
  const timeline = createTimeline();
  const [messages, setMessages] = createSignal<Message[]>([]);
  const [hasEarlier, setHasEarlier] = createSignal(false);
  let loading = false;
  let closed = false;

  const show = (news: Message[]) =>
    batch(() => {
      // Between a reset and its page there is nothing to show yet: what stood there stays.
      if (timeline.isLoaded()) setMessages(timeline.messages());
      setHasEarlier(timeline.hasOlder());
      onMessages(news.filter(({ id }) => timeline.has(id)));
    });
  const merge = (news: Message[]) => {
    news.forEach(timeline.receive);
    show(news);
  };

  const loadPage = async () => {
    const { before, take } = timeline.nextPage();
    const page = await trpc.messages.list.query({ roomId, before });
    take(page);
    show(page.items);
  };
  const loadNewest = async (): Promise<void> => {
    try {
      await loadPage();
    } catch {
      if (!closed) setTimeout(() => void loadNewest(), AGAIN_MS);
    }
  };

  const receive = (event: RoomEvent) => {
    if (event.type === 'message') return merge([event.message]);
    if (event.type !== 'reset') return onEvent(event);
    timeline.reset(event.rev);
    void loadNewest();
  };

  const live = trpc.messages.live.subscribe(
    { roomId, lastEventId: String(parts.rev) },
    { onData: ({ data }) => receive(data), onError: (error) => onRefused(describeFailure(error)) },
  );
  onCleanup(() => {
    closed = true;
    live.unsubscribe();
  });
  void loadNewest();

  return {
    messages,
    hasEarlier,
    async loadEarlier() {
      if (loading || !timeline.hasOlder()) return;
      loading = true;
      // A failure is no loss: scrolling up again asks again.
      await loadPage().catch(() => {});
      loading = false;
    },
    merge,
    has: timeline.has,
  };
}
