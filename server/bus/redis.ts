import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import type { Log } from '../log.ts';
import type { Bus, BusEvent } from './bus.ts';
import { createMemoryBus } from './memory.ts';

/** What travels: the process it comes from has handed it to its own listeners already. */
type Envelope = { from: string; event: BusEvent };

const PREFIX = 'roomscribe:';
/** Sharded channels came with Redis 7; Valkey began there. */
const SHARDED_SINCE = 7;
const RETRY_MOST_MS = 1_000;
const PING_MS = 2_000;
/** A server that is silent for so long is connected to anew. */
const SILENT_MS = 8_000;

/**
 * A bus over Valkey or Redis. This process's listeners are served at once, whatever the server does; what cannot be
 * sent is lost, for the other processes' feeds to read from the database. Nothing waits for the server: while it is
 * away, or until it has told whether it has sharded channels, this process is alone.
 * @param url `redis://` or `rediss://`
 */
export function createRedisBus(url: string, log: Log): Bus {
  const local = createMemoryBus(log);
  const from = randomUUID();
  /** How the text of an envelope of this process begins. */
  const own = `{"from":"${from}",`;
  const attached = new Map<string, number>();
  let channels: Channels | undefined;

  const receive = (text: string, channel: string) => {
    // Most of what comes is this process's own, and need not be parsed to know it.
    if (text.startsWith(own)) return;
    const envelope = parse(text);
    if (envelope) local.publish(channel.slice(PREFIX.length), envelope.event);
  };
  const publisher = connect(url, log, { disableOfflineQueue: true });
  const subscriber = connect(url, log, {});
  publisher.on('ready', async () => {
    channels ??= await chooseChannels(publisher, subscriber, receive).catch(() => undefined);
    for (const channel of attached.keys()) channels?.attach(channel);
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
      const leave = local.subscribe(roomId, listener);
      const listeners = attached.get(channel) ?? 0;
      attached.set(channel, listeners + 1);
      if (listeners === 0) channels?.attach(channel);
      return () => {
        leave();
        const left = (attached.get(channel) ?? 1) - 1;
        if (left > 0) return void attached.set(channel, left);
        attached.delete(channel);
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

/** What the client has been asked for it repeats whenever the server comes back; what it cannot send is lost. */
type Channels = {
  attach: (channel: string) => void;
  detach: (channel: string) => void;
  send: (channel: string, text: string) => void;
};

/** Sharded channels where the server has them: in a cluster an event then goes to one shard and not to all nodes. */
async function chooseChannels(publisher: Client, subscriber: Client, receive: Receive): Promise<Channels> {
  const [, version = '0'] = /^redis_version:(\d+)/m.exec(await publisher.info('server')) ?? [];
  const lost = () => {};
  if (Number(version) < SHARDED_SINCE) {
    return {
      attach: (channel) => void subscriber.subscribe(channel, receive).catch(lost),
      detach: (channel) => void subscriber.unsubscribe(channel).catch(lost),
      send: (channel, text) => void publisher.publish(channel, text).catch(lost),
    };
  }
  return {
    attach: (channel) => void subscriber.sSubscribe(channel, receive).catch(lost),
    detach: (channel) => void subscriber.sUnsubscribe(channel).catch(lost),
    send: (channel, text) => void publisher.sPublish(channel, text).catch(lost),
  };
}

/** Null for what is not ours: a foreign publisher on the same channel must not end the process. */
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
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, RETRY_MOST_MS) * (0.5 + Math.random() / 2),
    },
  });
  let away = false;
  client.on('error', (error: unknown) => {
    if (!away) log.warn({ err: error }, 'the bus is away; other processes are heard of through the database');
    away = true;
  });
  client.on('ready', () => {
    if (away) log.info({}, 'the bus is back');
    away = false;
  });
  client.connect().catch(() => {});
  return client;
}
