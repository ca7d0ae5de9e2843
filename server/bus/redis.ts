import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import type { Log } from '../log.ts';
import type { Bus, BusEvent } from './bus.ts';
import { createMemoryBus } from './memory.ts';

/** The JSON on a channel. The process `from` has already delivered the event to its own listeners. */
type Envelope = { from: string; event: BusEvent };

const PREFIX = 'roomscribe:';
/** Redis has sharded channels since version 7. Every Valkey has them. */
const SHARDED_SINCE = 7;
const MAX_RETRY_MS = 1_000;
const PING_MS = 2_000;
/** A server that is silent for longer than this counts as lost, and the client connects again. */
const SILENT_MS = 8_000;

/**
 * A bus over Valkey or Redis. It serves the listeners of this process at once, whatever the server does. An event that
 * cannot be sent is lost; the feeds of the other processes read it from the database. Nothing waits for the server:
 * while it is away, or before its version is known, only this process receives the events.
 * @param url `redis://` or `rediss://`
 */
export function createRedisBus(url: string, log: Log): Bus {
  const local = createMemoryBus(log);
  const from = randomUUID();
  /** The first characters of every envelope that this process sends. */
  const ownPrefix = `{"from":"${from}",`;
  const listenersByChannel = new Map<string, number>();
  let channels: Channels | undefined;

  const receive = (text: string, channel: string) => {
    // Most envelopes are this process's own. They are recognised without parsing.
    if (text.startsWith(ownPrefix)) return;
    const envelope = parse(text);
    if (envelope) local.publish(channel.slice(PREFIX.length), envelope.event);
  };
  const publisher = connect(url, log, { disableOfflineQueue: true });
  const subscriber = connect(url, log, {});
  publisher.on('ready', async () => {
    channels ??= await chooseChannels(publisher, subscriber, receive).catch(() => undefined);
    for (const channel of listenersByChannel.keys()) channels?.attach(channel);
  });

  return {
    label: `Redis (${new URL(url).host})`,
    publish(roomId, event) {
      local.publish(roomId, event);
      const envelope: Envelope = { from, event };
      if (publisher.isReady) channels?.send(PREFIX + roomId, JSON.stringify(envelope));
    },
    subscribe(roomId, listener) {
      const channel = PREFIX + roomId;
      const unsubscribeLocal = local.subscribe(roomId, listener);
      const listeners = listenersByChannel.get(channel) ?? 0;
      listenersByChannel.set(channel, listeners + 1);
      if (listeners === 0) channels?.attach(channel);
      return () => {
        unsubscribeLocal();
        const left = (listenersByChannel.get(channel) ?? 1) - 1;
        if (left > 0) return void listenersByChannel.set(channel, left);
        listenersByChannel.delete(channel);
        channels?.detach(channel);
      };
    },
    isConnected: () => publisher.isReady && subscriber.isReady,
    async close() {
      publisher.destroy();
      subscriber.destroy();
      await local.close();
    },
  };
}

type Client = ReturnType<typeof connect>;
type Receive = (text: string, channel: string) => void;

/** The client attaches its channels again after each reconnect. An event that it cannot send is lost. */
type Channels = {
  attach: (channel: string) => void;
  detach: (channel: string) => void;
  send: (channel: string, text: string) => void;
};

/** Uses sharded channels where the server has them: in a cluster an event then goes to one shard, not to all nodes. */
async function chooseChannels(publisher: Client, subscriber: Client, receive: Receive): Promise<Channels> {
  const [, version = '0'] = /^redis_version:(\d+)/m.exec(await publisher.info('server')) ?? [];
  const ignoreLoss = () => {};
  if (Number(version) < SHARDED_SINCE) {
    return {
      attach: (channel) => void subscriber.subscribe(channel, receive).catch(ignoreLoss),
      detach: (channel) => void subscriber.unsubscribe(channel).catch(ignoreLoss),
      send: (channel, text) => void publisher.publish(channel, text).catch(ignoreLoss),
    };
  }
  return {
    attach: (channel) => void subscriber.sSubscribe(channel, receive).catch(ignoreLoss),
    detach: (channel) => void subscriber.sUnsubscribe(channel).catch(ignoreLoss),
    send: (channel, text) => void publisher.sPublish(channel, text).catch(ignoreLoss),
  };
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

function connect(url: string, log: Log, options: { disableOfflineQueue?: boolean }) {
  const client = createClient({
    url,
    ...options,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: SILENT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, MAX_RETRY_MS) * (0.5 + Math.random() / 2),
    },
  });
  let isAway = false;
  client.on('error', (error: unknown) => {
    if (!isAway)
      log.warn({ err: error }, 'the bus is away; changes of other processes come late, from the database');
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) log.info({}, 'the bus is back');
    isAway = false;
  });
  client.connect().catch(() => {});
  return client;
}
