import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FileServer = {
  url: string;
  /** By path, with the leading slash. */
  files: Map<string, Buffer>;
  /** All requests so far: the path, and the range header if there was one. */
  requests: { path: string; range: string | undefined }[];
  /** The faults of the next answers, one each. Later answers are right. */
  faults: Fault[];
  /** Whether the server supports ranges. */
  ranges: boolean;
  close: () => Promise<void>;
};

/** `cut`: the connection breaks halfway; `stall`: no bytes come after the first half; `mute`: no answer; or a status. */
export type Fault = 'cut' | 'stall' | 'mute' | number;

/** Serves files on loopback as a CDN does, with ranges and ETags, and fails where a test asks for it. */
export async function startFileServer(): Promise<FileServer> {
  const server: Omit<FileServer, 'url' | 'close'> = {
    files: new Map(),
    requests: [],
    faults: [],
    ranges: true,
  };
  const http = createServer((request, response) => answer(server, request, response));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  });
}

function answer(
  { files, requests, faults, ranges }: Omit<FileServer, 'url' | 'close'>,
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const { range } = headers;
  requests.push({ path: url, range });
  const fault = faults.shift();
  const file = files.get(url);
  if (fault === 'mute') return;
  if (typeof fault === 'number' || !file) {
    response.writeHead(typeof fault === 'number' ? fault : 404).end();
    return;
  }
  const etag = `"${createHash('sha256').update(file).digest('hex').slice(0, 16)}"`;
  const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
  const from = ranges && isSame ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
  if (from > 0 && from >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const body = file.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(ranges && { etag }),
    ...(from > 0 && { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
  });
  if (fault === undefined) response.end(body);
  else {
    const half = body.subarray(0, body.length / 2);
    response.write(half, () => {
      if (fault === 'cut') response.socket?.end();
    });
  }
}
