import { once } from 'node:events';
import {
  type Http2Session,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Fault } from './faults.ts';
import { type Line, openLine } from './line.ts';
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
  /** Strikes every connection made from now on, or the next `times` of them; undefined for none. */
  setFault: (fault: Fault | undefined, times?: number) => void;
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
  const lines = new Set<Line>();
  const sessions = new Set<Http2Session>();
  let fault: Fault | undefined;
  let strikes = 0;

  const answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, line: Line, own?: Fault) => {
    if (headers[':method'] !== 'POST' || headers[':path'] !== '/stream-transcription') {
      stream.respond({ ':status': 404 }, { endStream: true });
      return;
    }
    streams.push(new TranscribeStream(stream, headers, line, { keys, idleMs, dateSkewMs, fault: own }));
  };
  const server = createServer((socket: Socket) => {
    const own = strikes > 0 ? fault : undefined;
    strikes -= 1;
    const line = openLine(socket, { freezable: own?.kind === 'freeze' });
    lines.add(line);
    socket.on('error', () => {});
    socket.on('close', () => lines.delete(line));
    const session = performServerHandshake(line.end, { settings: { maxConcurrentStreams: 1 } });
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
    session.on('stream', (stream, headers) => answer(stream, headers, line, own));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    openSessions: () => sessions.size,
    setFault(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      strikes = times;
    },
    async close() {
      for (const session of sessions) session.destroy();
      for (const { socket } of lines) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
