import { once } from 'node:events';
import {
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Fault } from './faults.ts';
import type { Keys } from './signature.ts';
import { TranscribeStream } from './transcribeStream.ts';

/** What a client of the server signs with unless it was given other keys. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test-secret' };

export type TranscribeServer = {
  /** For the SDK's `endpoint`, or AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING. */
  url: string;
  /** Every stream so far, oldest first. */
  streams: TranscribeStream[];
  /** Connections open at the moment; each carries one stream. */
  openSessions: () => number;
  /** Strikes every stream that starts from now on; undefined for none. */
  setFault: (fault: Fault | undefined) => void;
  close: () => Promise<void>;
};

/**
 * Speaks Amazon Transcribe's streaming protocol (HTTP/2 without TLS) on the loopback, as far as the real SDK can
 * tell: it checks every signature and understands the words of `toneEar.ts`.
 */
export async function startTranscribeServer({
  port = 0,
  keys = { [TEST_CREDENTIALS.accessKeyId]: TEST_CREDENTIALS.secretAccessKey } as Keys,
  idleMs = 15_000,
  dateSkewMs = 0,
} = {}): Promise<TranscribeServer> {
  const streams: TranscribeStream[] = [];
  const sockets = new Map<number | undefined, Socket>();
  const sessions = new Set<Http2Session>();
  let fault: Fault | undefined;

  const server = createServer({ settings: { maxConcurrentStreams: 1 } });
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const socket = sockets.get(stream.session?.socket.remotePort);
    if (headers[':method'] !== 'POST' || headers[':path'] !== '/stream-transcription' || !socket) {
      stream.respond({ ':status': 404 }, { endStream: true });
      return;
    }
    streams.push(new TranscribeStream(stream, headers, socket, { keys, idleMs, dateSkewMs, fault }));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    openSessions: () => sessions.size,
    setFault(next) {
      fault = next;
    },
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
