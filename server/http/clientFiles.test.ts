import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compressFiles } from '../../scripts/buildClient.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

const SCRIPT = 'export const hello = "안녕";\n'.repeat(100);
const clientDirectory = mkdtempSync(join(tmpdir(), 'roomscribe-files-'));
let server: LiveServer;
beforeAll(async () => {
  mkdirSync(join(clientDirectory, 'assets'));
  writeFileSync(join(clientDirectory, 'index.html'), SCRIPT);
  writeFileSync(join(clientDirectory, 'assets/page.js'), SCRIPT);
  compressFiles(clientDirectory);
  server = await openServer({ clientDirectory });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(clientDirectory, { recursive: true });
});

/** Asks without fetch, which would decode the answer. */
async function get(path: string, encodings: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    encoding: string | undefined;
    bytes: Buffer;
  }>();
  const headers = encodings ? { 'accept-encoding': encodings } : {};
  const call = request(`${server.url}${path}`, { headers }, async (answer) => {
    resolve({ encoding: answer.headers['content-encoding'], bytes: await buffer(answer) });
  });
  call.once('error', reject).end();
  return promise;
}

const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync } as const;

test.each([
  ['gzip, deflate, br', 'br'],
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['deflate', undefined],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0', undefined],
  ['', undefined],
] as const)('a client that accepts %j gets %s', async (accepted, encoding) => {
  for (const path of ['/assets/page.js', '/']) {
    const answer = await get(path, accepted);
    expect(answer.encoding).toBe(encoding);
    const bytes = encoding ? DECODERS[encoding](answer.bytes) : answer.bytes;
    expect(bytes.toString()).toBe(SCRIPT);
    if (encoding) expect(answer.bytes.length).toBeLessThan(SCRIPT.length / 4);
  }
});

test.each(['br', 'identity'])(
  'caches of assets keep encodings and foreign pages apart (%s)',
  async (encodings) => {
    const headers = { 'accept-encoding': encodings };
    const answer = await fetch(`${server.url}/assets/page.js`, { headers });
    expect(answer.headers.get('vary')?.split(', ').toSorted()).toEqual(['Accept-Encoding', 'Origin']);
  },
);
