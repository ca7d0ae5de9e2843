import { once } from 'node:events';
import {
  type Http2Session,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Line, openLine } from '../line.ts';
import { type Fault, refuse } from './faults.ts';
import type { Account } from './requestOptions.ts';
import type { Keys } from './signature.ts';
import { TranscribeStream } from './transcribeStream.ts';

/** What a client of the server signs with unless it was given other keys. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test-secret' };

export type TranscribeServer = {
  /** For the SDK's `endpoint`, or AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING. */
  url: string;
  /** Every stream so far, oldest first, or the last ones if there were more than it remembers. */
  streams: TranscribeStream[];
  /** Connections open at the moment; each carries one stream. */
  openSessions: () => number;
  /** Strikes every connection made from now on, or the next `times` of them; undefined for none. */
  setFault: (fault: Fault | undefined, times?: number) => void;
  close: () => Promise<void>;
};

const DEFAULTS = {
  port: 0,
  keys: { [TEST_CREDENTIALS.accessKeyId]: TEST_CREDENTIALS.secretAccessKey } as Keys,
  account: { vocabularies: [], vocabularyFilters: {} } as Account,
  recognizer: 'tone' as 'tone' | 'none',
  idleMs: 15_000,
  longestSeconds: 4 * 3_600,
  dateSkewMs: 0,
  clockSkewMs: 0,
  /** More streams at once than this are refused. */
  maxStreams: Number.POSITIVE_INFINITY,
  /** How many streams are kept in `streams`. */
  remembers: 1_000,
};

/**
 * Speaks Amazon Transcribe's streaming protocol (HTTP/2 without TLS) on the loopback, as far as the real SDK can
 * tell: it checks every signature and option and understands the words of `toneRecognizer.ts`.
 */
export async function startTranscribeServer(
  options: Partial<typeof DEFAULTS> = {},
): Promise<TranscribeServer> {
  const { port, maxStreams, remembers, ...settings } = { ...DEFAULTS, ...options };
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
    if (sessions.size > maxStreams) {
      refuse(stream, { status: 429, exception: 'LimitExceededException', message: 'Too many streams.' });
      return;
    }
    streams.push(new TranscribeStream(stream, headers, line, { ...settings, fault: own }));
    if (streams.length > remembers) streams.shift();
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
