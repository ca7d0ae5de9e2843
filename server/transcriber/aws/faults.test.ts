import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import { awsScene, recognize, SENTENCE, speechSource } from '../testing/transcribe/awsScene.ts';
import { FAULT_TABLE, type FaultRow, ODDITIES } from '../testing/transcribe/faultTable.ts';
import { SELF_SIGNED } from '../testing/transcribe/selfSigned.ts';
import { startTranscribeServer, type TranscribeServer } from '../testing/transcribe/transcribeServer.ts';
import type { AwsOptions } from './engine.ts';

const scene = awsScene();

/** Each fault with the error that the adapter made of it; printed at the end. */
const report: { name: string; error: AppError }[] = [];
afterAll(() => console.info(`${linesOf(report).join('\n')}\n`));

/** For faults after which nothing arrives. All others keep the long timeouts, because a test machine may be slow. */
const SHORT_TIMEOUTS = { answerTimeoutMs: 300, pingMs: 150 };

function note(name: string, error: unknown, expected: Pick<FaultRow, 'reason' | 'retryable'>): void {
  expect(error).toMatchObject({ name: 'AppError', ...expected });
  if (error instanceof AppError) report.push({ name, error });
}

describe('a fault of the service or of the connection becomes an AppError and leaves nothing behind', () => {
  test.each(FAULT_TABLE)('$name', async ({ name, fault, ...expected }) => {
    const nothingArrives = ['silence', 'stall', 'freeze'].includes(fault.kind);
    scene.server.setFault(fault);
    const source = speechSource(SENTENCE, { hangs: fault.at !== 'end' });
    const engine = scene.engine(nothingArrives ? SHORT_TIMEOUTS : {});
    const error = await recognize(engine, source).catch((reason) => reason);
    note(name, error, expected);
    await scene.expectFreed(source);
  });

  test('an answer that ends in the middle of an utterance, even after the end of the audio', async () => {
    scene.server.setFault({ at: 'end', kind: 'end' });
    const source = speechSource(SENTENCE, { pauseSeconds: 0 });
    await expect(recognize(scene.engine(), source)).rejects.toMatchObject({ reason: 'engine_unreachable' });
  });
});

describe('a strange message that is no fault loses no word:', () => {
  test.each(ODDITIES)('$name', async ({ messages }) => {
    scene.server.setFault({ at: 'audio', kind: 'messages', messages });
    expect((await recognize(scene.engine(), speechSource())).at(-1)?.text).toBe(`${SENTENCE}.`);
    scene.server.setFault({ at: 'event', kind: 'messages', messages });
    expect((await recognize(scene.engine(), speechSource())).at(-1)?.text).toBe(`${SENTENCE}.`);
  });
});

describe('a fault on the way to the service becomes an AppError too:', () => {
  const expectFailure = async (name: string, options: Partial<AwsOptions>, expected = UNREACHABLE) => {
    const source = speechSource(SENTENCE, { hangs: true });
    const error = await recognize(scene.engine(options), source).catch((reason) => reason);
    note(name, error, expected);
    expect(source.returned).toBe(true);
  };
  const UNREACHABLE = { reason: 'engine_unreachable', retryable: true };
  const CREDENTIALS = { reason: 'credentials', retryable: false };

  test('nobody listens at the address', async () => {
    const gone = await startTranscribeServer();
    await gone.close();
    await expectFailure('connection refused', { endpoint: gone.url });
  });

  const peers: [string, (socket: Socket) => void][] = [
    ['TCP RST at once', (socket) => socket.resetAndDestroy()],
    ['TCP FIN at once', (socket) => socket.end()],
    ['a peer that sends nothing', () => {}],
    ['a peer that speaks no HTTP/2', (socket) => socket.write('HTTP/1.1 502 Bad Gateway\r\n\r\n')],
  ];
  test.each(peers)('%s', async (name, onSocket) => {
    const sockets: Socket[] = [];
    const peer = createServer((socket) => {
      socket.on('error', () => {}).resume();
      sockets.push(socket);
      onSocket(socket);
    });
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    await expectFailure(name, { endpoint: `http://127.0.0.1:${port}`, ...SHORT_TIMEOUTS });
    // The close event comes when the client has closed all its connections.
    peer.close();
    if (sockets.some(({ closed }) => !closed)) await once(peer, 'close');
  });

  test('a self-signed certificate', async () => {
    const peer = createTlsServer({ ...SELF_SIGNED, ALPNProtocols: ['h2'] });
    peer.on('tlsClientError', () => {});
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    await expectFailure('bad certificate', { endpoint: `https://127.0.0.1:${port}` });
    peer.close();
    await once(peer, 'close');
  });

  test('credentials that never come, or that the provider refuses', async () => {
    const never = () => new Promise<never>(() => {});
    await expectFailure('credentials never come', { credentials: never, ...SHORT_TIMEOUTS });
    const expired = Object.assign(new Error('no'), { name: 'CredentialsProviderError' });
    await expectFailure('no credentials', { credentials: () => Promise.reject(expired) }, CREDENTIALS);
  });
});

describe('the limits of the service, as the test server enforces them:', () => {
  const rules: [string, Parameters<typeof startTranscribeServer>[0], string, boolean][] = [
    ['a clock that is wrong by more than five minutes', { clockSkewMs: 400_000 }, 'clock_wrong', false],
    ['no audio for too long', { idleMs: 50 }, 'engine_idle', true],
    ['a stream that is too long', { longestSeconds: 0.3 }, 'engine_duration', true],
    ['too many streams at once', { maxStreams: 0 }, 'engine_limit', true],
  ];
  let strict: TranscribeServer;
  beforeAll(() => () => strict.close());

  test.each(rules)('%s', async (name, options, reason, retryable) => {
    await strict?.close();
    strict = await startTranscribeServer(options);
    const source = speechSource(SENTENCE, { hangs: true });
    const events = recognize(scene.engine({ endpoint: strict.url }), source);
    note(name, await events.catch((error) => error), { reason, retryable });
    expect(source.returned).toBe(true);
  });

  test('a wrong date in the answer does not spoil the signatures of later frames', async () => {
    const misdated = await startTranscribeServer({ dateSkewMs: 3_600_000 });
    const events = await recognize(scene.engine({ endpoint: misdated.url }), speechSource());
    expect(events.at(-1)?.text).toBe(`${SENTENCE}.`);
    await misdated.close();
  });
});

/** Faults with the same outcome share a line. */
function linesOf(rows: typeof report): string[] {
  const outcome = ({ error }: (typeof report)[number]) =>
    `${error.reason.padEnd(20)} ${error.retryable ? 'again' : 'ends '}  ${error.message}`;
  return [...Map.groupBy(rows, outcome)].flatMap(([line, same]) => [
    line,
    ...same.map(({ name }) => `    ${name}`),
  ]);
}
