import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';

export type RedisLinkEvents = {
  onMessage: (text: string, channel: string) => void;
  /** Runs when the link begins to carry events, when it stops, and again and again while nothing changes. */
  onChange: (isCarrying: boolean) => void;
};

const MAX_RETRY_MS = 1_000;
/** How often the link sends itself a probe, and how many it may miss. A busy process misses one, a broken link all. */
const PROBE_MS = 1_000;
const PROBES_MISSED = 3;
/** A server that is silent for longer than this counts as lost, and the client connects again. */
const SILENT_MS = 8_000;
/** Commands that wait for a server that does not read. Those above it are lost, like any event that cannot be sent. */
const QUEUED_COMMANDS = 5_000;

/**
 * Two connections to Valkey or Redis: one publishes, one is subscribed. Whether they carry events is found out by doing:
 * the link publishes probes to itself. A connection that is up proves nothing, because the user may lack a right, and a
 * proxy may have lost the subscriptions.
 *
 * It needs the rights to PUBLISH and SUBSCRIBE only. PUBLISH reaches all nodes of a cluster, so one node is enough.
 */
export class RedisLink {
  readonly #events: RedisLinkEvents;
  readonly #publisher: Client;
  readonly #subscriber: Client;
  readonly #probeChannel: string;
  readonly #timer: NodeJS.Timeout;
  #missed = 0;
  #isCarrying = false;
  #isClosed = false;
  #error: unknown;

  constructor(url: string, prefix: string, events: RedisLinkEvents) {
    this.#events = events;
    this.#probeChannel = `${prefix}probe:${randomUUID()}`;
    const onError = (error: unknown) => this.#fail(error);
    this.#publisher = connect(url, { disableOfflineQueue: true }, onError);
    this.#subscriber = connect(url, {}, onError);
    this.#subscribe(this.#probeChannel, () => this.#onProbe());
    for (const client of [this.#publisher, this.#subscriber]) client.on('ready', () => this.#probe());
    this.#timer = setInterval(() => this.#check(), PROBE_MS).unref();
  }

  get isCarrying(): boolean {
    return this.#isCarrying;
  }

  /** The last error; undefined if the server reported none. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether the connections are up, but probes do not come back. Only new connections help. */
  get isBroken(): boolean {
    return this.#missed >= PROBES_MISSED;
  }

  /** Subscribes, now or as soon as the connection is up, and again after each reconnect. */
  attach(channel: string): void {
    this.#subscribe(channel, this.#events.onMessage);
  }

  detach(channel: string): void {
    void this.#subscriber.unsubscribe(channel).catch(() => {});
  }

  /** Sends an event; it is lost if the server is away. */
  send(channel: string, text: () => string): void {
    if (this.#publisher.isReady) void this.#publisher.publish(channel, text()).catch(() => {});
  }

  /** Reports nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#publisher.destroy();
    this.#subscriber.destroy();
  }

  #subscribe(channel: string, onMessage: RedisLinkEvents['onMessage']): void {
    void this.#subscriber.subscribe(channel, onMessage).catch((error: unknown) => this.#fail(error));
  }

  #probe(): void {
    if (!this.#publisher.isReady || !this.#subscriber.isReady) return;
    void this.#publisher.publish(this.#probeChannel, '').catch((error: unknown) => this.#fail(error));
  }

  #check(): void {
    if (!this.#publisher.isReady || !this.#subscriber.isReady) return;
    this.#missed += 1;
    if (this.isBroken) this.#fail(this.#error);
    this.#probe();
  }

  #onProbe(): void {
    this.#missed = 0;
    this.#error = undefined;
    this.#change(true);
  }

  #fail(error: unknown): void {
    // Commands that wait for an answer fail when the connections are closed.
    if (this.#isClosed) return;
    this.#error = error;
    this.#change(false);
  }

  #change(isCarrying: boolean): void {
    this.#isCarrying = isCarrying;
    this.#events.onChange(isCarrying);
  }
}

type Client = ReturnType<typeof connect>;

function connect(url: string, options: { disableOfflineQueue?: boolean }, onError: (error: unknown) => void) {
  const client = createClient({
    url,
    ...options,
    commandsQueueMaxLength: QUEUED_COMMANDS,
    socket: {
      connectTimeout: SILENT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, MAX_RETRY_MS) * (0.5 + Math.random() / 2),
    },
  });
  client.on('error', onError);
  client.connect().catch(() => {});
  return client;
}
