import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Pump } from '../client/audio/pump.ts';
import { createRoomscribeClient, type RoomscribeClient } from '../client/sdk/client.ts';
import { describeFailure } from '../client/sdk/errors.ts';
import type { Message } from '../contract/types.ts';
import { httpClient } from '../testing/clients.ts';
import { SECRET } from '../testing/liveServer.ts';
import { type MysqlServer, startMariadb } from '../testing/mysqlServers.ts';
import { startRedis } from '../testing/redisServer.ts';
import { type ServerProcess, startServerProcess, temporaryDatabase } from '../testing/serverProcess.ts';
import { chunked } from './transcriber/testing/audio.ts';
import { synthesizeUtterance } from './transcriber/testing/transcribe/toneRecognizer.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
  type TranscribeServer,
} from './transcriber/testing/transcribe/transcribeServer.ts';

const RATE = 16_000;
const CHUNK_MS = 100;
/** Utterances of about a second each, with a pause of 0.6 s behind them. */
const SAID = [
  ...['go forward ten meters', 'hello world left right', 'stop left go hello', 'meters hello ten world'],
  ...['world right stop forward', 'left go ten right'],
];
/** The fault comes in the middle of the fifth utterance: of the first ones some are saved, of this one nothing. */
const FAULT_AT_CHUNK = 42;

let service: TranscribeServer;
beforeAll(async () => {
  service = await startTranscribeServer();
});
afterAll(() => service.close());

const environment = (databaseUrl: string): NodeJS.ProcessEnv => ({
  ...{ DATABASE_URL: databaseUrl, AUTH_SECRET: SECRET, LOG_LEVEL: 'silent' },
  ...{ SPEECH_ENGINE: 'aws', AWS_REGION: 'eu-west-1' },
  AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
  AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: service.url,
});

/** A speaker with the pump of the page, who may go to another server. */
class Speaker {
  readonly roomId: string;
  readonly #token: string;
  readonly #pump: Pump;
  #client: RoomscribeClient;

  private constructor(url: string, token: string, roomId: string) {
    this.#token = token;
    this.roomId = roomId;
    this.#client = createRoomscribeClient({ url, token });
    const transcripts = () => this.#client.trpc.transcripts;
    const stream = { roomId, language: 'en-US', sampleRate: RATE };
    this.#pump = new Pump({
      sampleRate: RATE,
      start: (input, signal) => transcripts().start.mutate({ ...stream, ...input }, { signal }),
      resume: (from, signal) => transcripts().resume.mutate(from, { signal }),
      push: (bytes, signal) => transcripts().push.mutate(bytes, { signal }),
      stop: (streamId, signal) => transcripts().stop.mutate({ streamId }, { signal }),
      describe: describeFailure,
      onState: () => {},
    });
  }

  static async enter(url: string): Promise<Speaker> {
    const { token } = await httpClient(url).session.guest.mutate({ name: 'Ada' });
    const { id } = await httpClient(url, token).rooms.create.mutate({ name: 'Hall' });
    const speaker = new Speaker(url, token, id);
    onTestFinished(() => speaker.leave());
    return speaker;
  }

  /** Speaks at the pace of a microphone, and makes the fault on the way. */
  async speak(makeFault: () => Promise<void>): Promise<void> {
    const chunks = chunked(
      Buffer.concat(SAID.map((text) => synthesizeUtterance(text, RATE))),
      CHUNK_MS,
      RATE,
    );
    const startedAt = performance.now();
    let fault = Promise.resolve();
    for (const [i, chunk] of chunks.entries()) {
      await sleep(Math.max(0, startedAt + (i + 1) * CHUNK_MS - performance.now()));
      this.#pump.add(chunk);
      if (i === FAULT_AT_CHUNK) fault = makeFault();
    }
    await fault;
    await this.#pump.finish();
  }

  async goTo(url: string): Promise<void> {
    const old = this.#client;
    this.#client = createRoomscribeClient({ url, token: this.#token });
    await old.close();
  }

  async messages(url: string): Promise<Message[]> {
    return (await httpClient(url, this.#token).messages.list.query({ roomId: this.roomId, limit: 200 }))
      .items;
  }

  async leave(): Promise<void> {
    this.#pump.close();
    await this.#client.close();
  }
}

/** A stream's times count from the arrival of its first chunk, which a busy machine delays. Utterances begin a second apart. */
const LATE_MS = 900;

/** Every word is there once and in order, at growing times, and nothing is a gap. */
async function expectAllSaid(speaker: Speaker, url: string): Promise<void> {
  const wordsOf = (messages: Message[]) =>
    messages.flatMap(({ text }) => (text ?? '').replaceAll('.', '').split(' ').filter(Boolean));
  const expected = SAID.join(' ').split(' ');
  await expect.poll(async () => wordsOf(await speaker.messages(url)), { timeout: 20_000 }).toEqual(expected);
  const spoken = (await speaker.messages(url)).flatMap(({ speech }) => speech ?? []);
  expect(spoken.flatMap(({ gap }) => gap ?? [])).toEqual([]);
  for (const [i, { startedAt }] of spoken.entries()) {
    const before = spoken[i - 1]?.startedAt ?? startedAt;
    expect(Date.parse(before) - Date.parse(startedAt)).toBeLessThan(LATE_MS);
  }
  expect(new Set(spoken.map(({ streamId }) => streamId)).size).toBe(2);
}

test('a server that is killed in the middle of a sentence and starts again loses and doubles no word', async () => {
  const database = temporaryDatabase();
  const env = environment(database.url);
  let server = await startServerProcess(env);
  onTestFinished(async () => {
    await server.stop('SIGKILL');
    database.remove();
  });
  const { url, port } = server;
  const speaker = await Speaker.enter(url);
  await speaker.speak(async () => {
    await server.stop('SIGKILL');
    server = await startServerProcess({ ...env, PORT: String(port) });
  });
  await expectAllSaid(speaker, url);
}, 90_000);

describe('with two servers on MariaDB and Redis, no word is lost or doubled when the speaker goes on at one and the other', () => {
  let mariadb: MysqlServer;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let env: NodeJS.ProcessEnv;
  let second: ServerProcess;
  beforeAll(async () => {
    [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
    env = { ...environment(await mariadb.database()), REDIS_URL: redis.url };
    second = await startServerProcess(env);
  }, 60_000);
  afterAll(async () => {
    await second.stop();
    await Promise.all([mariadb[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
  });

  test.each<[string, (first: ServerProcess) => Promise<unknown>, (first: ServerProcess) => Promise<unknown>]>(
    [
      ['was killed', (first) => first.stop('SIGKILL'), async () => {}],
      [
        'is frozen, and wakes up later',
        async (first) => first.child.kill('SIGSTOP'),
        async (first) => first.child.kill('SIGCONT'),
      ],
      ['lives', async () => {}, async () => {}],
      ['stops in order', (first) => first.stop('SIGTERM'), async () => {}],
    ],
  )(
    '%s',
    async (_, makeFault, repair) => {
      const first = await startServerProcess(env);
      onTestFinished(async () => void (await first.stop('SIGKILL')));
      const speaker = await Speaker.enter(first.url);
      await speaker.speak(async () => {
        const fault = makeFault(first);
        await speaker.goTo(second.url);
        await fault;
      });
      await repair(first);
      await expectAllSaid(speaker, second.url);
      if (first.child.exitCode === null && first.child.signalCode === null) await first.stop();
      // The first one has nothing to add, whatever it had heard.
      await expectAllSaid(speaker, second.url);
    },
    90_000,
  );
});
