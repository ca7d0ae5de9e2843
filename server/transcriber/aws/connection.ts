import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { pipeline, type Readable } from 'node:stream';
import { checkedEvents } from './events.ts';

/** A signed request of the SDK. The body is a stream of signed frames, which goes on while the answer arrives. */
type Request = {
  protocol: string;
  hostname: string;
  port?: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Readable;
};

/** The network failed, not the service: no answer came, or the answer broke off. */
class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/**
 * Carries the SDK's requests. Each request has an HTTP/2 connection of its own, which ends with its stream or its abort
 * signal. This handler replaces the SDK's own, which takes a stream that was cut for one that ended well, and which
 * notices a frozen network only after our audio has stopped.
 *
 * @param pingMs the time between two pings. A connection on which nothing arrives between two pings counts as dead.
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
  // The SDK calls this even if the request was aborted while it waited for credentials.
  signal?.throwIfAborted();
  const { protocol, hostname, port, method, path, headers, body } = request;
  const session = connect(`${protocol}//${hostname}${port ? `:${port}` : ''}`);
  // An error of the connection reaches its stream as well, so nothing is lost here.
  session.on('error', () => {});
  const stream = session.request({ ...headers, ':method': method, ':path': path }, { signal });
  stream.on('error', () => {});
  stream.on('close', () => session.destroy());
  pingUntilClosed(session, stream, pingMs);
  // `pipeline` destroys the stream when the body fails. With `pipe` the stream would wait for ever.
  pipeline(body, stream, () => {});
  try {
    const head = await responseHead(stream);
    return { response: { ...head, body: head.statusCode === 200 ? checkedEvents(bytesOf(stream)) : stream } };
  } catch (cause) {
    session.destroy();
    throw new ConnectionError('The request was not answered.', { cause });
  }
}

async function responseHead(stream: ClientHttp2Stream) {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const head = await Promise.race([
      once(stream, 'response', { signal }),
      // Node reports some ends of a stream without an error: RST_STREAM with NO_ERROR or CANCEL, a closed connection.
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

/** The bytes of the answer. @throws ConnectionError if the answer was cut off, even where Node reports no error. */
async function* bytesOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void, void> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new ConnectionError('The answer broke off.', { cause });
  }
  if (stream.rstCode) throw new ConnectionError(`The answer was cut off with code ${stream.rstCode}.`);
}

/** Pings the other side, and destroys the stream when nothing arrives any more, not even the answer to a ping. */
function pingUntilClosed(session: ClientHttp2Session, stream: ClientHttp2Stream, pingMs: number): void {
  let lastBytesRead = -1;
  const timer = setInterval(() => {
    if (session.destroyed) return;
    const { bytesRead } = session.socket;
    if (bytesRead === lastBytesRead) stream.destroy(new Error(`Nothing has arrived for ${pingMs} ms.`));
    else session.ping(() => {});
    lastBytesRead = bytesRead;
  }, pingMs);
  session.on('close', () => clearInterval(timer));
}
