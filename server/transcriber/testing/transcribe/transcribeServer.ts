import { once } from 'node:events';
import {
  type Http2Session,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ClientConnection, openConnection } from '../clientConnection.ts';
import { type Fault, refuse } from './faults.ts';
import type { Account } from './requestOptions.ts';
import type { Keys } from './signature.ts';
import { type RecognizerName, TranscribeStream } from './transcribeStream.ts';

/** The credentials that the server accepts by default. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test-secret' };

export type TranscribeServer = {
  /** For the SDK's `endpoint`, or AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING. */
  url: string;
  /** The streams so far, oldest first: at most the last `maxKeptStreams`. */
  streams: TranscribeStream[];
  /** How many connections are open now. Each carries one stream. */
  openSessions: () => number;
  /** Makes this fault on every new connection, or on the next `times` ones. `undefined` stops the faults. */
  setFault: (fault: Fault | undefined, times?: number) => void;
  /** Breaks every open connection. */
  cut: () => void;
  close: () => Promise<void>;
};

const DEFAULTS = {
  port: 0,
  keys: { [TEST_CREDENTIALS.accessKeyId]: TEST_CREDENTIALS.secretAccessKey } as Keys,
  account: { vocabularies: [], vocabularyFilters: {} } as Account,
  recognizer: 'tone' as RecognizerName,
  idleMs: 15_000,
  longestSeconds: 4 * 3_600,
  dateSkewMs: 0,
  clockSkewMs: 0,
  /** The server refuses more streams at once than this. */
  maxStreams: Number.POSITIVE_INFINITY,
  /** How many streams are kept in `streams`. */
  maxKeptStreams: 1_000,
};

/**
 * A test server on the loopback that speaks Amazon Transcribe's streaming protocol (HTTP/2 without TLS) with the real
 * SDK. It checks every signature and option and recognises the words of `toneRecognizer.ts`.
 */
export async function startTranscribeServer(
  options: Partial<typeof DEFAULTS> = {},
): Promise<TranscribeServer> {
  const { port, maxStreams, maxKeptStreams, ...settings } = { ...DEFAULTS, ...options };
  const streams: TranscribeStream[] = [];
  const connections = new Set<ClientConnection>();
  const sessions = new Set<Http2Session>();
  let fault: Fault | undefined;
  let faultsLeft = 0;

  const answer = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    connection: ClientConnection,
    ownFault?: Fault,
  ) => {
    if (headers[':method'] !== 'POST' || headers[':path'] !== '/stream-transcription') {
      stream.respond({ ':status': 404 }, { endStream: true });
      return;
    }
    if (sessions.size > maxStreams) {
      refuse(stream, { status: 429, exception: 'LimitExceededException', message: 'Too many streams.' });
      return;
    }
    streams.push(new TranscribeStream(stream, headers, connection, { ...settings, fault: ownFault }));
    if (streams.length > maxKeptStreams) streams.shift();
  };
  const server = createServer((socket: Socket) => {
    const ownFault = faultsLeft > 0 ? fault : undefined;
    faultsLeft -= 1;
    const connection = openConnection(socket, { freezable: ownFault?.kind === 'freeze' });
    connections.add(connection);
    socket.on('error', () => {});
    socket.on('close', () => connections.delete(connection));
    const session = performServerHandshake(connection.http2Stream, { settings: { maxConcurrentStreams: 1 } });
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
    session.on('stream', (stream, headers) => answer(stream, headers, connection, ownFault));
  });
  const cut = () => {
    for (const session of sessions) session.destroy();
    for (const { socket } of connections) socket.destroy();
  };
  await once(server.listen(port, '127.0.0.1'), 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    openSessions: () => sessions.size,
    setFault(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      faultsLeft = times;
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
