import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import type { User } from '../../contract/types.ts';
import { append, spoken, upTo } from '../../db/testing/material.ts';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { iso } from '../../testing/utterance.ts';
import { attachment, download } from './download.ts';

let server: LiveServer;
let ada: User;
let token: string;
let roomId: string;
/** Runs when the store reads a page of a transcript. */
let onPage: (page: number) => void;
let pagesRead: number;

beforeEach(async () => {
  onPage = () => {};
  pagesRead = 0;
  server = await openServer({
    alter: (store) => ({
      async listSpokenByTime(...query) {
        pagesRead += 1;
        onPage(pagesRead);
        return store.listSpokenByTime(...query);
      },
    }),
  });
  ({ token, user: ada } = await server.enter('Ada'));
  const room = await httpClient(server.url, token).rooms.create.mutate({ name: '회의/실' });
  roomId = room.id;
});
afterEach(() => server[Symbol.asyncDispose]());

const say = (count: number, text = 'word '.repeat(20)) =>
  append(
    server.store,
    upTo(count).map((i) => spoken(roomId, ada, iso(i * 10), text)),
  );

const headers = () => ({ authorization: `Bearer ${token}` });
const fetchFile = (file: string) =>
  fetch(`${server.url}/api/rooms/${roomId}/${file}`, { headers: headers() });

describe('a transcript', () => {
  test.each([
    ['txt', 'text/plain; charset=utf-8', '08:00:10  Ada: hello'],
    ['srt', 'application/x-subrip; charset=utf-8', '1\n00:00:00,000 --> 00:00:01,000\nAda: hello\n\n'],
    ['vtt', 'text/vtt; charset=utf-8', 'WEBVTT\n\nNOTE\n회의/실\n\n00:00:00.000'],
    ['json', 'application/json', `{"room":{"id":"`],
  ])('can be downloaded as %s', async (format, type, holds) => {
    await say(1, 'hello');
    const answer = await fetchFile(`transcript.${format}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="??-?.${format}"; filename*=UTF-8''${encodeURIComponent('회의-실')}.${format}`,
    );
    expect(await answer.text()).toContain(holds);
  });

  test('can be limited to a time and a speaker, and shown in a time zone', async () => {
    await say(3, 'hello');
    const query = `?from=${iso(20)}&to=${iso(30)}&speakerId=${ada.id}&tz=Asia/Seoul`;
    const text = await (await fetchFile(`transcript.txt${query}`)).text();
    expect(text).toBe('회의/실\nAsia/Seoul\n\n2026-11-23\n\n17:00:20  Ada: hello\n');
  });

  test.each([
    ['transcript.pdf', 404, 'no_route'],
    ['transcript.srt?from=yesterday', 400, 'invalid_input'],
    ['transcript.txt?tz=Mars/Olympus', 400, 'invalid_input'],
  ])('cannot be downloaded as %s', async (file, status, reason) => {
    const answer = await fetchFile(file);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ reason })]);
  });

  test('is refused to a user who is not a member', async () => {
    token = (await server.enter('Ben')).token;
    expect((await fetchFile('transcript.srt')).status).toBe(403);
    roomId = randomUUID();
    expect((await fetchFile('transcript.srt')).status).toBe(404);
  });

  test('is cut off when making it fails, so that nobody takes a part for the whole', async () => {
    await say(120);
    onPage = (page) => {
      if (page === 2) throw new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.');
    };
    await expect(fetchFile('transcript.json').then((answer) => answer.text())).rejects.toThrow();
    expect(server.logged()).toContain('a download failed and was cut off');
    expect((await fetchFile('transcript.json')).status).toBe(200);
  });
});

test('a download is made no faster than its client reads, and ends when the client leaves', async () => {
  const log = createNotedLog();
  const sourceEnded = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<HttpBindings['outgoing']>();
  /** More parts than fit into all buffers on the way. */
  const MAX_PARTS = 1_000;
  async function* makeParts() {
    try {
      for (let made = 0; made < MAX_PARTS; made += 1) yield 'x'.repeat(64 * 1_024);
      throw new Error('the parts were made although nobody read them');
    } finally {
      sourceEnded.resolve();
    }
  }
  const app = new Hono<{ Bindings: HttpBindings }>().get('/', (c) => {
    answered.resolve(c.env.outgoing);
    return download(c, { fileName: 'x.txt', contentType: 'text/plain', text: makeParts() }, log);
  });
  const files = createAdaptorServer({ fetch: app.fetch }).listen(0, '127.0.0.1');
  await once(files, 'listening');
  const request = get(`http://127.0.0.1:${(files.address() as AddressInfo).port}/`);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.pause();
  const outgoing = await answered.promise;
  await vi.waitFor(() => expect(outgoing.writableNeedDrain).toBe(true));
  request.destroy();
  await sourceEnded.promise;
  expect(log.notes).toEqual([]);
  files.close();
});

test.each([
  ['Hall.srt', 'filename=Hall.srt'],
  ['회의.srt', `filename="??.srt"; filename*=UTF-8''${encodeURIComponent('회의')}.srt`],
  ['👩‍🔬.txt', `filename="?????.txt"; filename*=UTF-8''${encodeURIComponent('👩‍🔬')}.txt`],
  ['a\u202etxt.exe\ufeff', 'filename=a-txt.exe-'],
  ['../../etc/passwd', 'filename=etc-passwd'],
  ['a"; filename="b\r\nX: y', 'filename="a-; filename=-b-X- y"'],
  ["it's (100%)*.txt", 'filename="it\'s (100%)-.txt"'],
  ['%41.txt', `filename=%41.txt; filename*=UTF-8''%2541.txt`],
  ['...', 'filename=download'],
])('the file name %j becomes safe for headers and file systems', (name, header) => {
  expect(attachment(name)).toBe(`attachment; ${header}`);
});
