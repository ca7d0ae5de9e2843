import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Store } from '../db/store.ts';
import { createIdentity, GUESTS } from './auth/identity.ts';
import type { Bus } from './bus/bus.ts';
import { createAccess } from './chat/access.ts';
import { createFeeds } from './chat/feeds.ts';
import { createMemberWatch } from './chat/memberWatch.ts';
import { createMessages } from './chat/messages.ts';
import { createRooms } from './chat/rooms.ts';
import { createSignals } from './chat/signals.ts';
import { createWriter } from './chat/writer.ts';
import { Intake } from './flow/intake.ts';
import { TokenBuckets } from './flow/tokenBuckets.ts';
import { Turns } from './flow/turns.ts';
import { createWork } from './flow/work.ts';
import { networkOf } from './http/address.ts';
import { createApp } from './http/app.ts';
import { createReadArrival } from './http/arrival.ts';
import { createCheckHost } from './http/hostRule.ts';
import { createHttpServer } from './http/httpServer.ts';
import { createOriginRule } from './http/origin.ts';
import type { Log } from './log.ts';
import { createHealth } from './ops/health.ts';
import { createMetrics } from './ops/metrics.ts';
import type { Services } from './services.ts';
import { createBudget } from './speech/budget.ts';
import { createCaptions } from './speech/captions/captions.ts';
import { createEnginePlaces, type EnginePlaces } from './speech/enginePlaces.ts';
import type { Gate } from './speech/microphone/microphone.ts';
import type { EngineChoice } from './speech/parts.ts';
import { createSpeech } from './speech/speech.ts';
import { createTranscripts } from './speech/transcript/transcripts.ts';
import { createRouter } from './trpc/router.ts';
import type { TrustedProxies } from './trustedProxies.ts';
import { attachWs } from './ws/endpoint.ts';
import type { Pulse } from './ws/keepAlive.ts';

export type ServerParts = {
  store: Store;
  bus: Bus;
  speech: EngineChoice;
  /** How many calls of the first engine may run at a time. */
  speechStreams: number;
  /** The same for the fallback engine. Left out: as many. */
  fallbackStreams?: number | undefined;
  /** Minutes of speech per room and day; null for no limit. */
  speechDailyMinutes: number | null;
  /** Makes the voice activity detection of one speech stream. @param sampleRate in Hz */
  newGate: (sampleRate: number) => Gate;
  /** Whether the event-loop load is high. Without it, the load counts as low. */
  isBusy?: () => boolean;
  authSecret: string;
  allowedOrigins: string[];
  /** The address that people use. Without it, the Host header of each request says it. */
  publicUrl?: string | undefined;
  /** Whether browsers must use https for every subdomain too. */
  hstsSubdomains?: boolean | undefined;
  /** Lets a caller who is not on this machine read `/metrics`. */
  metricsToken?: string | undefined;
  /** Left out: `X-Forwarded-…` headers do not count. */
  trustedProxies?: TrustedProxies | undefined;
  clientDirectory: string;
  log: Log;
  /** Whether counts per time are limited. Bounds on memory and work always hold. The default is true. */
  rateLimits?: boolean | undefined;
  /** When silent clients are pinged and cut. */
  pulse?: Pulse | undefined;
};

export type RunningServer = {
  /** e.g. `http://localhost:3000` */
  url: string;
  /**
   * Accepts no new connections, lets speech streams end and messages commit, then closes the sockets. Idempotent.
   * @param drainMs how long this may take.
   */
  close: (drainMs: number) => Promise<void>;
};

/** Puts the parts of the domain together. Its `close` lets speech end and messages commit, and stops the timers. */
function createDomain(parts: ServerParts) {
  const { store, bus, log } = parts;
  const writer = createWriter(store, bus);
  const access = createAccess(store);
  const { watch, close: endWatch } = createMemberWatch(store, log);
  const turns = new Turns();
  const process = randomUUID();
  const captions = createCaptions({ process, bus, watch, turns });
  const feeds = createFeeds({ process, store, bus, watch, turns, log });
  const metrics = createMetrics();
  const meter = metrics.speech;
  const speech = createSpeech({
    ...{ choice: parts.speech, store, bus, access, writer, captions, watch, meter, log },
    budget: createBudget(store, { minutes: parts.speechDailyMinutes, log }),
    admission: createEnginePlaces(placesOf(parts), meter.queue),
    ...{ newGate: parts.newGate, isBusy: parts.isBusy },
  });
  const guests = parts.rateLimits === false ? undefined : new TokenBuckets(GUESTS);
  const services: Services = {
    identity: createIdentity(store, parts.authSecret, guests),
    rooms: createRooms(store, bus, access),
    messages: createMessages(store, writer, feeds, access),
    signals: createSignals(store, bus, access),
    speech,
    transcripts: createTranscripts(store, access),
    work: createWork(),
  };
  const close = async (drainMs: number) => {
    await speech.close(drainMs / 2);
    await writer.drain();
    await turns.idle(drainMs / 8);
    feeds.close();
    captions.close();
    endWatch();
  };
  return { services, metrics, close };
}

function placesOf({ speech, speechStreams, fallbackStreams = speechStreams }: ServerParts): EnginePlaces[] {
  if (!speech.engine) return [];
  const first = { engine: speech.engine, maxCalls: speechStreams };
  return speech.fallback ? [first, { engine: speech.fallback, maxCalls: fallbackStreams }] : [first];
}

/** Puts the parts together and listens. The caller opened the store, the bus and the engine, and closes them. */
export async function startServer(parts: ServerParts, port: number, host: string): Promise<RunningServer> {
  const { store, bus, log } = parts;
  const { services, metrics, close: closeDomain } = createDomain(parts);
  const router = createRouter(services);
  const { publicUrl } = parts;
  const originRule = createOriginRule(parts.allowedOrigins, publicUrl, log);
  const checkHost = createCheckHost({ bound: host, publicUrl, allowedOrigins: parts.allowedOrigins });
  const readArrival = createReadArrival(parts.trustedProxies ?? 0, publicUrl);
  const health = createHealth(store, bus);
  const intake = new Intake();
  const app = createApp({
    ...parts,
    services,
    health,
    metrics,
    router,
    originRule,
    readArrival,
    checkHost,
    takeTurn: (person) => intake.turn(person),
  });
  const server = createHttpServer(app.fetch, (from, handle) => {
    intake.addRequest('headers' in from ? readArrival(from).address : networkOf(from.remoteAddress), handle);
  });
  const rateLimits = parts.rateLimits ?? true;
  const ws = attachWs({
    ...{ server, services, router, originRule, readArrival, checkHost, log, rateLimits, intake },
    pulse: parts.pulse,
  });
  await listen(server, port, host);

  const stop = async (drainMs: number) => {
    health.drain();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closeDomain(drainMs);
    await ws.close(drainMs / 4);
    server.closeAllConnections();
    await closed;
  };
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(server, host),
    close(drainMs) {
      stopping ??= stop(drainMs);
      return stopping;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  // In addresses, IPv6 stands in brackets, and without the name of an interface.
  const name = isIPv6(host) ? `[${host.replace(/%.*$/, '')}]` : host;
  const url = new URL(`http://${name}:${port}`);
  if (['127.0.0.1', '0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = 'localhost';
  return `http://${url.hostname}:${port}`;
}
