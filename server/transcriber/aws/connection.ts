import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { pipeline, type Readable } from 'node:stream';
import { eventsIn } from './events.ts';

/** A request as the SDK hands it over, signed; its body are signed frames, and goes on while the answer comes. */
type Request = {
  protocol: string;
  hostname: string;
  port?: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Readable;
};

/** No answer came, or it broke off: the network, not the service. */
class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/**
 * Carries the SDK's requests: one HTTP/2 connection each, which ends with its stream or its abort signal. It stands
 * in for the SDK's own handler, to which a stream that was cut is one that ended well, and which sees a frozen network
 * only once our own audio has stopped.
 *
 * @param pingMs how often the other side is pinged. If nothing at all has come from it between two pings, it is gone.
 *   AWS's SDK for Java pings its services every 5 s in the same way.
 */
export function awsRequestHandler(pingMs: number) {
  return {
    metadata: { handlerProtocol: 'h2' },
    handle: (request: Request, { abortSignal }: { abortSignal?: AbortSignal } = {}) =>
      send(request, abortSignal, pingMs),
  };
}

async function send(request: Request, signal: AbortSignal | undefined, pingMs: number) {
  // The SDK comes here even if it was called off while it waited for credentials.
  signal?.throwIfAborted();
  const { protocol, hostname, port, method, path, headers, body } = request;
  const session = connect(`${protocol}//${hostname}${port ? `:${port}` : ''}`);
  // Whatever happens to the connection, its stream is told.
  session.on('error', () => {});
  const stream = session.request({ ...headers, ':method': method, ':path': path }, { signal });
  stream.on('error', () => {});
  stream.on('close', () => session.destroy());
  watch(session, stream, pingMs);
  // A body that fails takes the stream with it. (`pipe` would let it wait for ever.)
  pipeline(body, stream, () => {});
  try {
    const head = await answerTo(stream);
    return { response: { ...head, body: head.statusCode === 200 ? eventsIn(bytesOf(stream)) : stream } };
  } catch (cause) {
    session.destroy();
    throw new ConnectionError('The request was not answered.', { cause });
  }
}

async function answerTo(stream: ClientHttp2Stream) {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const head = await Promise.race([
      once(stream, 'response', { signal }),
      // Not every end of a stream is an error to Node: RST_STREAM with NO_ERROR or CANCEL, a connection that is closed.
      once(stream, 'aborted', { signal }),
      once(stream, 'close', { signal }),
    ]);
    const [{ ':status': statusCode, ...headers } = {}] = head;
    if (!statusCode) throw new Error(`The stream was closed with code ${stream.rstCode}.`);
    return { statusCode, headers };
  } finally {
    waiting.abort();
  }
}

/** The bytes of the answer. @throws ConnectionError if it was cut off, however quietly. */
async function* bytesOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void, void> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new ConnectionError('The answer broke off.', { cause });
  }
  if (stream.rstCode) throw new ConnectionError(`The answer was cut off with code ${stream.rstCode}.`);
}

/** Gives a connection up on which nothing comes any more, not even an answer to a ping. */
function watch(session: ClientHttp2Session, stream: ClientHttp2Stream, pingMs: number): void {
  let read = -1;
  const timer = setInterval(() => {
    if (session.destroyed) return;
    const { bytesRead } = session.socket;
    if (bytesRead === read) stream.destroy(new Error(`Nothing has come for ${pingMs} ms.`));
    else session.ping(() => {});
    read = bytesRead;
  }, pingMs);
  session.on('close', () => clearInterval(timer));
}
