import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { LIMITS } from '../../contract/limits.ts';
import { batchClient, refusal } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { pcmOf } from '../../testing/speech/speechScene.ts';

let server: LiveServer;
let token: string;
beforeAll(async () => {
  server = await openServer();
  token = (await server.enter('Ada')).token;
});
afterAll(async () => {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await server[Symbol.asyncDispose]();
});

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
  fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
  });

describe('a body that is too large', () => {
  const body = JSON.stringify({ name: 'x'.repeat(LIMITS.bodyBytes) });

  test('is refused by tRPC with an error that the stock client reads', async () => {
    const trpc = batchClient(server.url, token);
    expect(await refusal(trpc.rooms.create.mutate({ name: body }))).toMatchObject({
      message: 'A body holds at most 262144 bytes.',
      code: 'PAYLOAD_TOO_LARGE',
      reason: 'body_too_large',
      retryable: false,
    });
  });

  test('is refused by REST with a problem', async () => {
    const answer = await post('/api/rooms', body);
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ reason: 'body_too_large', status: 413 });
  });

  test('is refused even if the request does not declare its length', async () => {
    const parts = new Blob(Array.from({ length: 30 }, () => new Uint8Array(10_000))).stream();
    const init = {
      method: 'POST',
      body: parts,
      duplex: 'half',
      headers: { authorization: `Bearer ${token}` },
    };
    expect((await fetch(`${server.url}/api/rooms`, init as RequestInit)).status).toBe(413);
  });
});

describe('a malformed body', () => {
  test.each(['{"name":', 'name=x', '', '\u0000', '[[[['])('%j is refused by tRPC', async (body) => {
    const answer = await post('/trpc/rooms.create', body);
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { data: object; message: string } };
    expect(error.data).toMatchObject({ retryable: false, reason: expect.any(String) });
    expect(error.message).not.toMatch(/at .*\.ts|Unexpected token/);
  });

  test.each(['{"name":', 'name=x', '', '"text"', 'null', '[]', '{"name":5}'])(
    '%j is refused by REST',
    async (body) => {
      const answer = await post('/api/rooms', body);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      const { detail, reason } = (await answer.json()) as { detail: string; reason: string };
      expect(['malformed', 'invalid_input']).toContain(reason);
      expect(detail.length).toBeGreaterThan(10);
    },
  );

  test('is refused with 415 if no procedure accepts its type', async () => {
    const refused = await post('/trpc/rooms.create', '<a/>', 'text/xml');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([415, 'application/json']);
  });
});

test('a batch over HTTP holds a bounded number of calls, and a refusal says how many', async () => {
  const sendBatch = (calls: number) =>
    fetch(`${server.url}/trpc/${Array(calls).fill('session.me').join(',')}?batch=1&input={}`);
  expect((await sendBatch(LIMITS.batchCalls)).status).toBe(200);
  const refused = await sendBatch(LIMITS.batchCalls + 1);
  expect(refused.status).toBe(400);
  expect(refused.headers.get('content-type')).toContain('application/json');
  expect(await refused.json()).toMatchObject({
    error: { message: 'One request holds at most 100 calls.', data: { reason: 'batch_too_large' } },
  });
});

describe('a chunk as an octet-stream body', () => {
  test('is accepted like a binary frame', async () => {
    const trpc = batchClient(server.url, token);
    const { id: roomId } = await trpc.rooms.create.mutate({ name: 'Stage' });
    const { streamId } = await trpc.transcripts.start.mutate({
      roomId,
      language: 'en-US',
      sampleRate: 16_000,
    });
    const push = (seq: number) =>
      post(
        '/trpc/transcripts.push',
        encodeChunk({ streamId, seq, pcm: pcmOf(100) }),
        'application/octet-stream',
      );
    for (const [seq, nextSeq] of [
      [0, 1],
      [2, 1],
      [1, 3],
      [0, 3],
    ] as const) {
      expect(await (await push(seq)).json()).toEqual({ result: { data: { nextSeq } } });
    }
    const odd = encodeChunk({ streamId, seq: 3, pcm: new Uint8Array(99) });
    const long = encodeChunk({ streamId, seq: 3, pcm: new Uint8Array(32_002) });
    for (const [bytes, reason] of [
      [odd, 'chunk_odd'],
      [long, 'chunk_too_long'],
    ] as const) {
      const answer = await post('/trpc/transcripts.push', bytes, 'application/octet-stream');
      expect(((await answer.json()) as { error: object }).error).toMatchObject({ data: { reason } });
    }
    expect(await (await push(3)).json()).toEqual({ result: { data: { nextSeq: 4 } } });
    await trpc.transcripts.stop.mutate({ streamId });
  });

  test('is refused when it is sent as JSON', async () => {
    const answer = await post('/trpc/transcripts.push', '{"$bytes":5}');
    expect([answer.status, ((await answer.json()) as { error: { data: object } }).error.data]).toEqual([
      400,
      expect.objectContaining({ reason: 'invalid_input' }),
    ]);
  });
});
