import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { wireEncoder } from '../../contract/encoder.ts';
import { LIMITS } from '../../contract/limits.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type Answer, openRawSocket, type RawSocket } from '../../testing/rawSocket.ts';

let server: LiveServer;
let token: string;
beforeAll(async () => {
  server = await openServer();
  token = (await server.enter('Ada')).token;
});
afterAll(() => server[Symbol.asyncDispose]());

const me = (id: number | string) => ({ id, method: 'query', params: { path: 'session.me' } });
const push = (input: unknown) => ({ id: 1, method: 'mutation', params: { path: 'transcripts.push', input } });

async function expectStillWorks(socket: RawSocket): Promise<void> {
  socket.send(JSON.stringify(me('still there')));
  expect(await socket.next()).toMatchObject({
    id: 'still there',
    result: { data: { user: { name: 'Ada' } } },
  });
}

/** A binary frame: a header, the length that it declares for the header, and a number of bytes after it. */
function frame(header: string | Uint8Array, bytes = 0, declaredLength?: number): Uint8Array {
  const head = Buffer.from(header);
  const start = Buffer.alloc(4);
  start.writeUInt32LE(declaredLength ?? head.length);
  return Buffer.concat([start, head, Buffer.alloc(bytes)]);
}

describe('a frame that cannot be read is answered with an error, and the socket still works', () => {
  const header = (bytes: unknown) => JSON.stringify(push({ $bytes: bytes }));

  test.each<[string, string | Uint8Array]>([
    ['half of a JSON text', '{"id":1,"method":"que'],
    ['words', 'hello'],
    ['an empty text', ''],
    ['100,000 open brackets', '['.repeat(100_000)],
    ['a number', '5'],
    ['null', 'null'],
    ['a call without a method', '{"id":1,"params":{"path":"session.me"}}'],
    ['a call without parameters', '{"id":1,"method":"query"}'],
    ['a call of an unknown kind', '{"id":1,"method":"dance","params":{"path":"session.me"}}'],
    ['a call whose path is a number', '{"id":1,"method":"query","params":{"path":7}}'],
    ['a call whose id is an object', '{"id":{},"method":"query","params":{"path":"session.me"}}'],
    ['a call without an id', '{"method":"query","params":{"path":"session.me"}}'],
    ['a batch that contains a number', `[${JSON.stringify(me(1))},5]`],
    ['no bytes at all', new Uint8Array()],
    ['too few bytes for a header length', new Uint8Array(3)],
    ['a header that ends after the frame', frame(header(0), 0, 10_000)],
    ['a header of four billion bytes', frame(header(0), 0, 0xffff_ffff)],
    ['a header that is no JSON', frame('{"id":')],
    ['a header that is no UTF-8', frame(new Uint8Array([0xff, 0xfe, 0x22]))],
    ['an empty header', frame('')],
    ['a header that names more bytes than there are', frame(header(11), 10)],
    ['a header that names fewer bytes than there are', frame(header(9), 10)],
    ['bytes that the header does not name', frame(JSON.stringify(me(1)), 10)],
    ['a negative number of bytes', frame(header(-1), 1)],
    ['a fraction of a byte', frame(header(0.5), 1)],
    ['a number of bytes that is a word', frame(header('ten'), 10)],
    ['a batch that names more bytes than there are', frame(`[${header(6)},${header(6)}]`, 10)],
  ])('%s', async (_, data) => {
    await using socket = await openRawSocket(server.url, { token });
    socket.send(data);
    const { id, error } = await socket.next();
    expect(id).toBeNull();
    expect(error).toMatchObject({
      message: 'The request could not be read.',
      data: { code: 'PARSE_ERROR', reason: 'parse_error', retryable: false },
    });
    await expectStillWorks(socket);
  });

  test('an invalid chunk in a valid frame is answered with its reason, and the socket still works', async () => {
    await using socket = await openRawSocket(server.url, { token });
    for (const [bytes, reason] of [
      [new Uint8Array(), 'chunk_malformed'],
      [new Uint8Array(23), 'chunk_malformed'],
      [new Uint8Array(100), 'stream_unknown'],
    ] as const) {
      socket.send(wireEncoder.encode(push(bytes)));
      expect((await socket.next()).error?.data).toMatchObject({ reason });
    }
    socket.send(JSON.stringify(push({ $bytes: 5 })));
    expect((await socket.next()).error).toMatchObject({
      message: 'Send bytes: a binary frame or an octet-stream body.',
      data: { code: 'BAD_REQUEST', reason: 'invalid_input' },
    });
    await expectStillWorks(socket);
  });
});

describe('a well-formed but wrong call is answered with an error for its id', () => {
  test.each([
    ['an unknown procedure', { id: 3, method: 'query', params: { path: 'rooms.nothing' } }, 'NOT_FOUND'],
    [
      'a mutation as a query',
      { id: 3, method: 'query', params: { path: 'rooms.create', input: {} } },
      undefined,
    ],
    [
      'a query as a subscription',
      { id: 3, method: 'subscription', params: { path: 'session.me' } },
      undefined,
    ],
    [
      'a subscription as a query',
      { id: 3, method: 'query', params: { path: 'messages.live', input: {} } },
      undefined,
    ],
  ])('%s', async (_, call, code) => {
    await using socket = await openRawSocket(server.url, { token });
    socket.send(JSON.stringify(call));
    const { id, error } = await socket.next();
    expect(id).toBe(3);
    expect(error?.data).toMatchObject({
      reason: expect.any(String),
      retryable: false,
      ...(code && { code }),
    });
    expect(error?.message).toMatch(/\w+ \w+/);
    await expectStillWorks(socket);
  });
});

describe('a batch', () => {
  test('of 50 calls is answered call by call', async () => {
    await using socket = await openRawSocket(server.url, { token });
    const ids = Array.from({ length: 50 }, (_, i) => i);
    socket.send(JSON.stringify(ids.map(me)));
    const answers: Answer[] = [];
    for (const _ of ids) answers.push(await socket.next());
    expect(answers.map(({ id }) => id).sort((a, b) => Number(a) - Number(b))).toEqual(ids);
    expect(answers.every(({ result }) => result)).toBe(true);
  });

  test('with bytes in several calls gives each call its own bytes', async () => {
    await using socket = await openRawSocket(server.url, { token });
    const chunk = (seq: number) =>
      encodeChunk({ streamId: '00000000-0000-7000-8000-000000000000', seq, pcm: new Uint8Array(2 + seq) });
    socket.send(wireEncoder.encode([{ ...push(chunk(0)), id: 1 }, me(2), { ...push(chunk(1)), id: 3 }]));
    const answers = [await socket.next(), await socket.next(), await socket.next()];
    const byId = new Map(answers.map((answer) => [answer.id, answer.error?.data.reason]));
    expect([byId.get(1), byId.get(2), byId.get(3)]).toEqual(['stream_unknown', undefined, 'stream_unknown']);
  });

  test('of no calls has no effect', async () => {
    await using socket = await openRawSocket(server.url, { token });
    socket.send('[]');
    await expectStillWorks(socket);
  });
});

describe('the limit of a frame', () => {
  test('closes the socket that sent more, and no other', async () => {
    await using bystander = await openRawSocket(server.url, { token });
    await using socket = await openRawSocket(server.url, { token });
    socket.send(`"${'x'.repeat(LIMITS.frameBytes)}"`);
    expect(await socket.closed).toBe(1_009);
    await expectStillWorks(bystander);
  });

  test('still accepts a frame of exactly that size', async () => {
    await using socket = await openRawSocket(server.url, { token });
    socket.send(`"${'x'.repeat(LIMITS.frameBytes - 2)}"`);
    expect((await socket.next()).error?.data.code).toBe('PARSE_ERROR');
    await expectStillWorks(socket);
  });
});
