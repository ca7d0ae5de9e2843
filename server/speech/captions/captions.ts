import { notMember } from '../../../contract/errors.ts';
import type { CaptionEvent, UserRef } from '../../../contract/types.ts';
import { type Bus, type BusEvent, LIVENESS } from '../../bus/bus.ts';
import type { MemberWatch } from '../../chat/memberWatch.ts';
import { Fanout } from '../../flow/fanout.ts';
import type { Outlet } from '../../flow/outlet.ts';
import type { Turns } from '../../flow/turns.ts';
import { CaptionListener } from './captionListener.ts';
import { OpenStreams } from './openStreams.ts';

export type Captions = {
  /** Publishes an event of a speech stream of this process. */
  publish: (roomId: string, event: CaptionEvent) => void;
  /** First the open streams and the current partials, then all live events. Subscribed before this returns. */
  subscribe: (user: UserRef, roomId: string, outlet?: Outlet<CaptionEvent>) => CaptionListener;
  /** Stops the timers. */
  close: () => void;
};

export type CaptionsParts = {
  /** The id of this process on the bus. */
  process: string;
  bus: Bus;
  watch: MemberWatch;
  turns: Turns;
};

/** Live captions. They are not saved: a finished utterance becomes a message as well. */
export function createCaptions(parts: CaptionsParts): Captions {
  const { process, bus } = parts;
  const rooms = new Map<string, RoomCaptions>();
  const forEachRoom = (act: (room: RoomCaptions) => void) => [...rooms.values()].forEach(act);
  const announceTimer = setInterval(() => forEachRoom((room) => room.announce()), LIVENESS.announceMs);
  const checkTimer = setInterval(() => forEachRoom((room) => room.endLostStreams()), LIVENESS.checkMs);
  for (const timer of [announceTimer, checkTimer]) timer.unref();

  const open = (roomId: string): RoomCaptions => {
    const room = rooms.get(roomId) ?? new RoomCaptions(parts, roomId, () => rooms.delete(roomId));
    rooms.set(roomId, room);
    return room;
  };

  return {
    publish(roomId, event) {
      // The room subscribes with its first stream, so that it can show a late listener who is speaking.
      if (event.type === 'stream' && event.state !== 'ended') open(roomId);
      bus.publish(roomId, { type: 'caption', process, event });
    },
    subscribe: (user, roomId, outlet) => open(roomId).subscribe(user, outlet),
    close() {
      clearInterval(announceTimer);
      clearInterval(checkTimer);
    },
  };
}

/** The captions of one room in this process. It exists while somebody listens here or a stream is open anywhere. */
class RoomCaptions {
  readonly #listeners = new Set<CaptionListener>();
  readonly #fanout: Fanout<CaptionEvent>;
  readonly #streams = new OpenStreams();
  readonly #roomId: string;
  readonly #parts: CaptionsParts;
  readonly #detach: () => void;
  readonly #onEmpty: () => void;

  constructor(parts: CaptionsParts, roomId: string, onEmpty: () => void) {
    this.#parts = parts;
    this.#roomId = roomId;
    this.#onEmpty = onEmpty;
    this.#fanout = new Fanout(parts.turns);
    this.#detach = parts.bus.subscribe(roomId, (event) => this.#receive(event));
    parts.bus.publish(roomId, { type: 'streams-wanted', process: parts.process });
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
    const unwatch = this.#parts.watch(this.#roomId, user.id, () => listener.fail(notMember()));
    listener.receive(this.#streams.current);
    return listener;
  }

  /** Announces the open streams of this process, so that the other processes see that it lives. */
  announce(): void {
    const { process, bus } = this.#parts;
    const streams = this.#streams.ownedBy(process);
    if (streams.length > 0) bus.publish(this.#roomId, { type: 'streams', process, streams });
  }

  endLostStreams(): void {
    this.#show(this.#streams.endLost(this.#parts.process));
  }

  #receive(event: BusEvent): void {
    const isOwn = 'process' in event && event.process === this.#parts.process;
    if (event.type === 'caption') this.#show(this.#streams.note(event.process, event.event));
    if (event.type === 'streams' && !isOwn) this.#show(this.#streams.noteList(event.process, event.streams));
    if (event.type === 'streams-wanted' && !isOwn) this.announce();
    if (event.type === 'membership' && event.change === 'left') {
      for (const listener of [...this.#listeners])
        if (listener.user.id === event.user.id) listener.fail(notMember());
    }
  }

  #show(events: CaptionEvent[]): void {
    for (const event of events) this.#fanout.push(event);
    this.#dropIfEmpty();
  }

  #dropIfEmpty(): void {
    if (this.#listeners.size > 0 || !this.#streams.isEmpty) return;
    this.#detach();
    this.#onEmpty();
  }
}
