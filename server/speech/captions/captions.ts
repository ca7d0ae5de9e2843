import { notMember } from '../../../contract/errors.ts';
import type { CaptionEvent, UserRef } from '../../../contract/types.ts';
import type { Bus, BusEvent } from '../../bus/bus.ts';
import type { MemberWatch } from '../../chat/memberWatch.ts';
import { Fanout } from '../../flow/fanout.ts';
import type { Outlet } from '../../flow/outlet.ts';
import type { Turns } from '../../flow/turns.ts';
import { CaptionListener } from './captionListener.ts';

export type Captions = {
  publish: (roomId: string, event: CaptionEvent) => void;
  /** First the open streams and the current partials, then all live events. Subscribed before this returns. */
  subscribe: (user: UserRef, roomId: string, outlet?: Outlet<CaptionEvent>) => CaptionListener;
};

export type CaptionsParts = { bus: Bus; watch: MemberWatch; turns: Turns };

/** Live captions. They are not saved: a finished utterance becomes a message as well. */
export function createCaptions(parts: CaptionsParts): Captions {
  const rooms = new Map<string, RoomCaptions>();

  const open = (roomId: string): RoomCaptions => {
    const room = rooms.get(roomId) ?? new RoomCaptions(parts, roomId, () => rooms.delete(roomId));
    rooms.set(roomId, room);
    return room;
  };

  return {
    publish(roomId, event) {
      // The room subscribes with its first stream, so that it can show a late listener who is speaking.
      if (event.type === 'stream' && event.state !== 'ended') open(roomId);
      parts.bus.publish(roomId, { type: 'caption', event });
    },
    subscribe: (user, roomId, outlet) => open(roomId).subscribe(user, outlet),
  };
}

class RoomCaptions {
  readonly #listeners = new Set<CaptionListener>();
  readonly #fanout: Fanout<CaptionEvent>;
  readonly #streams = new Map<string, CaptionEvent>();
  readonly #partials = new Map<string, Exclude<CaptionEvent, { type: 'stream' }>>();
  readonly #detach: () => void;
  readonly #watch: (userId: string, onMembershipLost: () => void) => () => void;
  readonly #onEmpty: () => void;

  constructor({ bus, watch, turns }: CaptionsParts, roomId: string, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#fanout = new Fanout(turns);
    this.#watch = (userId, onMembershipLost) => watch(roomId, userId, onMembershipLost);
    this.#detach = bus.subscribe(roomId, (event) => this.#receive(event));
  }

  subscribe(user: UserRef, outlet: Outlet<CaptionEvent> | undefined): CaptionListener {
    const listener: CaptionListener = new CaptionListener(user, outlet, () => {
      this.#listeners.delete(listener);
      this.#fanout.leave(listener);
      unwatch();
      this.#dropIfEmpty();
    });
    this.#listeners.add(listener);
    this.#fanout.join(listener);
    const unwatch = this.#watch(user.id, () => listener.fail(notMember()));
    listener.receive([...this.#streams.values(), ...this.#partials.values()]);
    return listener;
  }

  #receive(event: BusEvent): void {
    if (event.type === 'caption') this.#receiveCaption(event.event);
    if (event.type === 'membership' && event.change === 'left') {
      for (const listener of [...this.#listeners])
        if (listener.user.id === event.user.id) listener.fail(notMember());
    }
  }

  #receiveCaption(event: CaptionEvent): void {
    this.#remember(event);
    this.#fanout.push(event);
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
