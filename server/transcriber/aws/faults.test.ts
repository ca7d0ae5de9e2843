import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import { awsScene, hear, singing, WORDS } from '../testing/transcribe/awsScene.ts';
import { FAULT_TABLE, type FaultRow, ODDITIES } from '../testing/transcribe/faultTable.ts';
import { SELF_SIGNED } from '../testing/transcribe/selfSigned.ts';
import { startTranscribeServer, type TranscribeServer } from '../testing/transcribe/transcribeServer.ts';
import type { AwsOptions } from './engine.ts';

const scene = awsScene();

/** Fault, what became of it; printed at the end. */
const report: { name: string; error: AppError }[] = [];
afterAll(() => console.info(`${linesOf(report).join('\n')}\n`));

/** Where nothing comes, it is noticed soon; everywhere else, a machine that is busy must not be taken for that. */
const IMPATIENT = { patienceMs: 300, pingMs: 150 };

function note(name: string, error: unknown, expected: Pick<FaultRow, 'reason' | 'retryable'>): void {
  expect(error).toMatchObject({ name: 'AppError', ...expected });
  if (error instanceof AppError) report.push({ name, error });
}

describe('a fault of the service or of the connection is told, and leaves nothing behind', () => {
  test.each(FAULT_TABLE)('$name', async ({ name, fault, ...expected }) => {
    const impatient = ['silence', 'stall', 'freeze'].includes(fault.kind);
    scene.server.setFault(fault);
    const source = singing(WORDS, { hangs: fault.at !== 'end' });
    const error = await hear(scene.engine(impatient ? IMPATIENT : {}), source).catch((reason) => reason);
    note(name, error, expected);
    await scene.nothingLeft(source);
  });

  test('at the end of the audio: an end in the middle of an utterance is no end', async () => {
    scene.server.setFault({ at: 'end', kind: 'end' });
    const source = singing(WORDS, { pauseSeconds: 0 });
    await expect(hear(scene.engine(), source)).rejects.toMatchObject({ reason: 'engine_unreachable' });
  });
});

describe('what is odd and no fault loses no word:', () => {
  test.each(ODDITIES)('$name', async ({ messages }) => {
    scene.server.setFault({ at: 'audio', kind: 'messages', messages });
    expect((await hear(scene.engine(), singing())).at(-1)?.text).toBe(`${WORDS}.`);
    scene.server.setFault({ at: 'event', kind: 'messages', messages });
    expect((await hear(scene.engine(), singing())).at(-1)?.text).toBe(`${WORDS}.`);
  });
});

describe('a fault on the way to the service is told as well:', () => {
  const fails = async (name: string, options: Partial<AwsOptions>, expected = UNREACHABLE) => {
    const source = singing(WORDS, { hangs: true });
    const error = await hear(scene.engine(options), source).catch((reason) => reason);
    note(name, error, expected);
    expect(source.returned).toBe(true);
  };
  const UNREACHABLE = { reason: 'engine_unreachable', retryable: true };
  const CREDENTIALS = { reason: 'credentials', retryable: false };

  test('nobody listens at the address', async () => {
    const gone = await startTranscribeServer();
    await gone.close();
    await fails('connection refused', { endpoint: gone.url });
  });

  const peers: [string, (socket: Socket) => void][] = [
    ['TCP RST at once', (socket) => socket.resetAndDestroy()],
    ['TCP FIN at once', (socket) => socket.end()],
    ['a peer that says nothing', () => {}],
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
    await fails(name, { endpoint: `http://127.0.0.1:${port}`, ...IMPATIENT });
    // Waits until the client has closed all of them, too.
    peer.close();
    if (sockets.some(({ closed }) => !closed)) await once(peer, 'close');
  });

  test('a certificate that nobody vouches for', async () => {
    const peer = createTlsServer({ ...SELF_SIGNED, ALPNProtocols: ['h2'] });
    peer.on('tlsClientError', () => {});
    await once(peer.listen(0, '127.0.0.1'), 'listening');
    const { port } = peer.address() as AddressInfo;
    await fails('bad certificate', { endpoint: `https://127.0.0.1:${port}` });
    peer.close();
    await once(peer, 'close');
  });

  test('credentials that never come, or cannot be had', async () => {
    const never = () => new Promise<never>(() => {});
    await fails('credentials never come', { credentials: never, ...IMPATIENT });
    const expired = Object.assign(new Error('no'), { name: 'CredentialsProviderError' });
    await fails('no credentials', { credentials: () => Promise.reject(expired) }, CREDENTIALS);
  });
});

describe('the service’s own rules, as the server keeps them:', () => {
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
    const source = singing(WORDS, { hangs: true });
    const heard = hear(scene.engine({ endpoint: strict.url }), source);
    note(name, await heard.catch((error) => error), { reason, retryable });
    expect(source.returned).toBe(true);
  });

  test('a date of the answer that is far off does not spoil the signatures of what follows', async () => {
    const late = await startTranscribeServer({ dateSkewMs: 3_600_000 });
    const events = await hear(scene.engine({ endpoint: late.url }), singing());
    expect(events.at(-1)?.text).toBe(`${WORDS}.`);
    await late.close();
  });
});

/** Faults with the same outcome share a line. */
function linesOf(rows: typeof report): string[] {
  const outcome = ({ error }: (typeof report)[number]) =>
    `${error.reason.padEnd(20)} ${error.retryable ? 'again' : 'ends '}  ${error.message}`;
  return [...Map.groupBy(rows, outcome)].flatMap(([told, same]) => [
    told,
    ...same.map(({ name }) => `    ${name}`),
  ]);
}
