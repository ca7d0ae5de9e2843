import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { AppError } from '../contract/errors.ts';
import { openStoreOrWait } from '../db/lateStore.ts';
import { loadOrCreateSecret } from './auth/secret.ts';
import { createMemoryBus } from './bus/memory.ts';
import { createRedisBus } from './bus/redis.ts';
import { type Config, ConfigError, dropEmpty, readConfig } from './config.ts';
import { createLog, type Log } from './log.ts';
import { EventLoopLoad } from './ops/eventLoopLoad.ts';
import { type RunningServer, startServer } from './server.ts';
import { type Candidate, chooseEngine } from './speech/chooseEngine.ts';
import { openGate } from './speech/microphone/openGate.ts';
import { VoiceGate } from './speech/microphone/voiceGate.ts';
import type { EngineChoice } from './speech/parts.ts';
import type { SpeechEngine } from './transcriber/transcriber.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The speech engines, best first. An engine's code is loaded only when the engine is probed. */
const engines: Candidate[] = [
  {
    name: 'aws',
    async probe() {
      const { resolveAws } = await import('./transcriber/aws/access.ts');
      const access = await resolveAws(process.env);
      if (!access.ok) return access;
      const { createAwsEngine } = await import('./transcriber/aws/engine.ts');
      return { engine: createAwsEngine({ region: access.region }) };
    },
  },
  {
    name: 'sherpa',
    async probe() {
      const { findSherpa } = await import('./transcriber/sherpa/access.ts');
      const found = await findSherpa(resolve(ROOT, 'data/models'));
      if (!found.ok) return found;
      const { createSherpaEngine } = await import('./transcriber/sherpa/engine.ts');
      return { engine: createSherpaEngine(found) };
    },
  },
  {
    name: 'pocketsphinx',
    async probe() {
      const { createPocketsphinxEngine, findPocketsphinx } = await import(
        './transcriber/pocketsphinx/engine.ts'
      );
      const found = findPocketsphinx();
      return found.ok ? { engine: createPocketsphinxEngine() } : found;
    },
  },
];

async function main(): Promise<void> {
  // The AWS SDK reads the environment too.
  dropEmpty(process.env);
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const store = await openStoreOrWait(config.databaseUrl, (error) =>
    log.warn({ err: error }, 'the database does not answer; trying again'),
  );
  const bus = config.redisUrl ? createRedisBus(config.redisUrl, log) : createMemoryBus(log);
  const speech = await chooseSpeech(config, log);
  const eventLoopLoad = new EventLoopLoad();

  const server = await startServer(
    {
      store,
      bus,
      speech,
      speechStreams: config.speechStreams ?? defaultStreams(speech.engine),
      fallbackStreams: speech.engine ? defaultStreams(speech.fallback) : undefined,
      speechDailyMinutes: config.speechDailyMinutes,
      rateLimits: config.rateLimits,
      newGate: config.speechGate ? (sampleRate) => new VoiceGate({ sampleRate }) : openGate,
      isBusy: () => eventLoopLoad.isHigh,
      log,
      authSecret: config.authSecret ?? loadOrCreateSecret(resolve(ROOT, 'data/auth-secret')),
      allowedOrigins: config.allowedOrigins,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      hstsSubdomains: config.hstsSubdomains,
      metricsToken: config.metricsToken,
      clientDirectory: resolve(ROOT, 'client/dist'),
    },
    config.port,
    config.host,
  );
  onStopSignal(config.drainMs, async () => {
    await server.close(config.drainMs);
    if (speech.engine) await Promise.all([speech.engine.close(), speech.fallback?.close()]);
    await bus.close();
    await store.close();
    eventLoopLoad.stop();
  });
  // The lines come last: a program that waits for them may send a stop signal at once.
  printSummary(config, server, { database: store.label, bus: bus.label, speech });
}

async function chooseSpeech(config: Config, log: Log): Promise<EngineChoice> {
  const first = await chooseEngine(config.speechEngine, engines);
  if (!first.engine) return first;
  const others = engines.filter(({ name }) => name !== first.engine.name);
  const fallback = await chooseEngine(config.speechFallback, others);
  if (!fallback.engine && config.speechFallback !== 'off') {
    log.warn({ reason: fallback.reason }, 'the fallback engine cannot be used; check SPEECH_FALLBACK');
  }
  return { engine: first.engine, fallback: fallback.engine };
}

/**
 * How many calls of an engine run at a time by default. 25 is the default quota of an AWS account; local engines share
 * the CPU.
 */
function defaultStreams(engine: SpeechEngine | null): number {
  return engine?.name === 'aws' ? 25 : 2 * availableParallelism();
}

function printSummary(
  config: Config,
  server: RunningServer,
  parts: { database: string; bus: string; speech: EngineChoice },
): void {
  const { speech } = parts;
  process.stdout.write(
    [
      `Roomscribe  ${config.publicUrl ?? server.url}`,
      `Database    ${parts.database}`,
      `Bus         ${parts.bus}`,
      `Speech      ${speech.engine ? describeEngines(speech.engine, speech.fallback) : speech.reason}`,
      '',
    ].join('\n'),
  );
}

function describeEngines({ label, description }: SpeechEngine, fallback: SpeechEngine | null): string {
  const suffix = fallback ? ` Fallback engine: ${fallback.label}.` : '';
  return `${label}: ${description}${suffix}`;
}

/** Stops the server on SIGTERM or SIGINT. Exits with 0, or with 1 if the stop fails or takes longer than `drainMs`. */
function onStopSignal(drainMs: number, stop: () => Promise<void>): void {
  const onSignal = () => {
    setTimeout(() => process.exit(1), drainMs).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
}

main().catch((error: unknown) => {
  const why = error instanceof AppError ? error.message : String(error);
  const text = error instanceof ConfigError ? error.message : `Roomscribe cannot start: ${why}`;
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
