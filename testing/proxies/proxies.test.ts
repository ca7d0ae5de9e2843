import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import type { RoomEvent } from '../../contract/types.ts';
import { silence } from '../../server/transcriber/testing/audio.ts';
import { binaryClient, type Client, eventClient, httpClient } from '../clients.ts';
import { type ServerProcess, startServerProcess, temporaryDatabase } from '../serverProcess.ts';
import { PROXIES, type RunningProxy, startProxy } from './proxies.ts';

const RATE = 16_000;

/** `docs/proxies.md` promises that each of its configurations passes calls, live events and audio. */
describe.each(PROXIES)('behind %s', (name) => {
  const database = temporaryDatabase();
  let server: ServerProcess;
  /** Starts the server where the proxy expects it. */
  let start: () => Promise<ServerProcess>;
  let proxy: RunningProxy;
  let token: string;
  let roomId: string;

  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, SPEECH_ENGINE: 'pocketsphinx', TRUSTED_PROXIES: '127.0.0.1' };
    const first = await startServerProcess(env);
    proxy = await startProxy(name, [first.url]);
    await first.stop();
    // Only now the server can know the address that people use.
    start = () => startServerProcess({ ...env, PORT: String(first.port), PUBLIC_URL: proxy.url });
    server = await start();
    await vi.waitFor(async () => expect((await fetch(`${proxy.url}/readyz`)).status).toBe(200), 10_000);
    ({ token } = await httpClient(proxy.url).session.guest.mutate({ name: 'Ada' }));
    roomId = (await httpClient(proxy.url, token).rooms.create.mutate({ name: 'Hall' })).id;
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await proxy[Symbol.asyncDispose]();
    database.remove();
  });

  const send = (text: string) =>
    httpClient(proxy.url, token).messages.send.mutate({ roomId, clientId: randomUUID(), text });

  /** Follows the room and sends it a message. @returns the texts that arrived. */
  async function follow(trpc: Client): Promise<(string | null)[]> {
    const texts: (string | null)[] = [];
    const started = Promise.withResolvers<void>();
    const live = trpc.messages.live.subscribe(
      { roomId },
      {
        onStarted: () => started.resolve(),
        onError: started.reject,
        onData(event) {
          const { data } = event as unknown as { data: RoomEvent };
          if (data.type === 'message') texts.push(data.message.text);
        },
      },
    );
    await started.promise;
    await send('hello');
    await vi.waitFor(() => expect(texts).toHaveLength(1));
    live.unsubscribe();
    return texts;
  }

  test('live events come over a WebSocket, at once', async () => {
    await using socket = binaryClient(proxy.url, token);
    expect(await follow(socket.trpc)).toEqual(['hello']);
  });

  test('live events come over server-sent events, at once', async () => {
    expect(await follow(eventClient(proxy.url, token))).toEqual(['hello']);
  });

  test('chunks of audio pass over a WebSocket and over HTTP', async () => {
    await using socket = binaryClient(proxy.url, token);
    const { streamId } = await socket.trpc.transcripts.start.mutate({
      ...{ roomId, language: 'en-US', sampleRate: RATE },
    });
    const chunk = (seq: number) => encodeChunk({ streamId, seq, pcm: silence(0.2, RATE) });
    expect(await socket.trpc.transcripts.push.mutate(chunk(0))).toEqual({ nextSeq: 1 });
    expect(await httpClient(proxy.url, token).transcripts.push.mutate(chunk(1))).toEqual({ nextSeq: 2 });
    await socket.trpc.transcripts.stop.mutate({ streamId });
  });

  test('the page and its scripts come, and the browser may open the socket', async () => {
    const page = await fetch(proxy.url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    expect((await fetch(proxy.url + script)).status).toBe(200);
  });

  test('a session cookie is secure exactly if people come by https', async () => {
    const answer = await fetch(`${proxy.url}/trpc/session.guest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: proxy.url },
      body: JSON.stringify({ name: 'Ben' }),
    });
    expect(answer.status).toBe(200);
    expect(/; ?secure/i.test(answer.headers.get('set-cookie') ?? '')).toBe(proxy.url.startsWith('https:'));
  });

  test('two people who ask the same get their own answers', async () => {
    const { token: other } = await httpClient(proxy.url).session.guest.mutate({ name: 'Cleo' });
    const names = [];
    for (const asking of [token, other, token])
      names.push((await httpClient(proxy.url, asking).session.me.query()).user?.name);
    expect(names).toEqual(['Ada', 'Cleo', 'Ada']);
  });

  test('a server that is killed and comes back is used again', async () => {
    await server.stop('SIGKILL');
    server = await start();
    await vi.waitFor(async () => expect((await send('back')).text).toBe('back'), 20_000);
  });
});
