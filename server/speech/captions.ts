import type { Bus, BusEvent } from '../bus/bus.ts';
import { Channel } from '../channel.ts';
import { notMember } from '../chat/access.ts';
import type { MemberWatch } from '../chat/memberWatch.ts';
import type { CaptionEvent, UserRef } from '../contract/types.ts';

export type Captions = {
  publish: (roomId: string, event: CaptionEvent) => void;
  /** Who is speaking and what is half said now, then everything live. Attached at once. */
  subscribe: (user: UserRef, roomId: string) => Channel<CaptionEvent>;
};

/** What people say as they say it. Nothing of this is kept: a finished utterance is a message as well. */
export function createCaptions(bus: Bus, watch: MemberWatch): Captions {
  const rooms = new Map<string, RoomCaptions>();

  const open = (roomId: string): RoomCaptions => {
    const room = rooms.get(roomId) ?? new RoomCaptions(bus, watch, roomId, () => rooms.delete(roomId));
    rooms.set(roomId, room);
    return room;
  };

  return {
    publish(roomId, event) {
      // The room must listen from the first stream on, so that whoever comes later learns who is speaking.
      if (event.type === 'stream' && event.state !== 'ended') open(roomId);
      bus.publish(roomId, { type: 'caption', event });
    },
    subscribe: (user, roomId) => open(roomId).subscribe(user),
  };
}

class RoomCaptions {
  readonly #listeners = new Map<Channel<CaptionEvent>, UserRef>();
  readonly #streams = new Map<string, CaptionEvent>();
  readonly #partials = new Map<string, Exclude<CaptionEvent, { type: 'stream' }>>();
  readonly #detach: () => void;
  readonly #watch: (userId: string, onLost: () => void) => () => void;
  readonly #onEmpty: () => void;

  constructor(bus: Bus, watch: MemberWatch, roomId: string, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#watch = (userId, onLost) => watch(roomId, userId, onLost);
    this.#detach = bus.subscribe(roomId, (event) => this.#receive(event));
  }

  subscribe(user: UserRef): Channel<CaptionEvent> {
    const channel: Channel<CaptionEvent> = new Channel(() => {
      this.#listeners.delete(channel);
      unwatch();
      this.#dropIfEmpty();
    });
    this.#listeners.set(channel, user);
    const unwatch = this.#watch(user.id, () => channel.fail(notMember()));
    for (const event of [...this.#streams.values(), ...this.#partials.values()]) channel.push(event);
    return channel;
  }

  #receive(event: BusEvent): void {
    if (event.type === 'caption') this.#receiveCaption(event.event);
    if (event.type === 'membership' && event.change === 'left') {
      for (const [channel, user] of [...this.#listeners])
        if (user.id === event.user.id) channel.fail(notMember());
    }
  }

  #receiveCaption(event: CaptionEvent): void {
    this.#remember(event);
    for (const channel of this.#listeners.keys()) channel.push(event);
    this.#dropIfEmpty();
  }

  #remember(event: CaptionEvent): void {
    if (event.type === 'stream') {
      if (event.state === 'ended') this.#forgetStream(event.streamId);
      else this.#streams.set(event.streamId, event);
    } else if (event.type === 'partial') this.#partials.set(event.utterance.id, event);
    else this.#partials.delete(event.utterance.id);
  }

  #forgetStream(streamId: string): void {
    this.#streams.delete(streamId);
    for (const [id, { utterance }] of this.#partials)
      if (utterance.streamId === streamId) this.#partials.delete(id);
  }

  #dropIfEmpty(): void {
    if (this.#listeners.size > 0 || this.#streams.size > 0) return;
    this.#detach();
    this.#onEmpty();
  }
}
