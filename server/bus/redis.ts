import { randomUUID } from 'node:crypto';
import type { Log } from '../log.ts';
import type { Bus, BusEvent } from './bus.ts';
import { createMemoryBus } from './memory.ts';
import { RedisLink } from './redisLink.ts';

/** The JSON on a channel. The process `from` has already delivered the event to its own listeners. */
type Envelope = { from: string; event: BusEvent };

const PREFIX = 'roomscribe:';

/**
 * A bus over Valkey or Redis. It serves the listeners of this process at once, whatever the server does. An event that
 * cannot be sent is lost; the feeds of the other processes read it from the database. Nothing waits for the server.
 * @param url `redis://` or `rediss://`; any node of a cluster
 */
export function createRedisBus(url: string, log: Log): Bus {
  const local = createMemoryBus(log);
  const from = randomUUID();
  /** The first characters of every envelope that this process sends. */
  const ownPrefix = `{"from":"${from}",`;
  const listenersByChannel = new Map<string, number>();
  let wasCarrying: boolean | undefined;

  const onMessage = (text: string, channel: string) => {
    // Most envelopes are this process's own. They are recognised without parsing.
    if (text.startsWith(ownPrefix)) return;
    const envelope = parse(text);
    if (envelope) local.publish(channel.slice(PREFIX.length), envelope.event);
  };
  const onChange = (isCarrying: boolean) => {
    report(isCarrying);
    // The connections are up and carry nothing: a right is missing, or a proxy lost the subscriptions.
    if (link.isBroken) renew();
  };
  const report = (isCarrying: boolean) => {
    if (isCarrying && wasCarrying === false) log.info({}, 'the bus is back');
    if (!isCarrying && wasCarrying !== false) {
      const fields = { err: link.error, reason: reasonOf(link.error) };
      log.warn(fields, 'the bus carries no events; changes of other processes come late, from the database');
    }
    wasCarrying = isCarrying;
  };
  const renew = () => {
    link.close();
    link = new RedisLink(url, PREFIX, { onMessage, onChange });
    for (const channel of listenersByChannel.keys()) link.attach(channel);
  };
  let link = new RedisLink(url, PREFIX, { onMessage, onChange });

  return {
    label: `Redis (${new URL(url).host})`,
    publish(roomId, event) {
      local.publish(roomId, event);
      link.send(PREFIX + roomId, () => JSON.stringify({ from, event } satisfies Envelope));
    },
    subscribe(roomId, listener) {
      const channel = PREFIX + roomId;
      const unsubscribeLocal = local.subscribe(roomId, listener);
      const listeners = listenersByChannel.get(channel) ?? 0;
      listenersByChannel.set(channel, listeners + 1);
      if (listeners === 0) link.attach(channel);
      return () => {
        unsubscribeLocal();
        const left = (listenersByChannel.get(channel) ?? 1) - 1;
        if (left > 0) return void listenersByChannel.set(channel, left);
        listenersByChannel.delete(channel);
        link.detach(channel);
      };
    },
    isConnected: () => link.isCarrying,
    trouble: () => (link.isCarrying ? undefined : reasonOf(link.error)),
    async close() {
      link.close();
      await local.close();
    },
  };
}

/** A stable word for why the bus carries no events. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(text)) return 'not_allowed';
  return error === undefined ? 'no_events' : 'unreachable';
}

/** @returns null for a text that is no envelope: a foreign publisher on our channel must not end the process. */
function parse(text: string): Envelope | null {
  try {
    const { from, event } = JSON.parse(text) as Partial<Envelope>;
    return typeof from === 'string' && typeof event?.type === 'string' ? { from, event } : null;
  } catch {
    return null;
  }
}
