import type { Writable } from 'node:stream';
import { tracked } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type Answer, openRawSocket } from '../../testing/rawSocket.ts';
import { createFrames } from './frames.ts';

// The types of `ws` leave it out.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What a client's WebSocket reads out of some bytes. */
function read(bytes: Buffer): string[] {
  const texts: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer) => texts.push(data.toString()));
  receiver.write(bytes);
  return texts;
}

const text = createFrames((event: { text: string }) => event);
const answer = (id: number | string, data: unknown) => JSON.stringify({ id, result: { type: 'data', data } });

describe('frames', () => {
  // Around the sizes at which a frame's header grows.
  test.each([0, 1, 70, 79, 80, 81, 200, 65_400, 65_489, 65_490, 65_491, 70_000])(
    'of an event of %d characters are read as one answer',
    (length) => {
      const event = { text: 'x'.repeat(length) };
      expect(read(text([event], 1))).toEqual([answer(1, event)]);
    },
  );

  test('of several events are one each, in order, whatever the request id', () => {
    const events = ['a', '안녕 👋', '"quotes"\n'].map((one) => ({ text: one }));
    for (const id of [0, 7, 2 ** 40, 'seven', '"'] as const) {
      expect(read(text(events, id))).toEqual(events.map((event) => answer(id, event)));
    }
  });

  test('of tracked events carry their ids as tRPC does', () => {
    const frames = createFrames(({ rev }: { rev: number }) => tracked(String(rev), { rev }));
    const result = { type: 'data', data: { id: '5', data: { rev: 5 } }, id: '5' };
    expect(read(frames([{ rev: 5 }], 1))).toEqual([JSON.stringify({ id: 1, result })]);
  });

  test('are made once for everybody who uses the same id', () => {
    let shaped = 0;
    const frames = createFrames((event: object) => {
      shaped += 1;
      return event;
    });
    const events = [{ a: 1 }, { a: 2 }];
    const [first, other, again] = [frames(events, 1), frames(events, 2), frames(events, 1)];
    expect([again === first, other === first, shaped]).toEqual([true, false, 2]);
  });
});

test('a subscriber gets the very bytes straight from the room that they would get event by event', async () => {
  await using server = await openServer();
  const { token } = await server.enter('Ada');
  const ada = httpClient(server.url, token);
  const { id: roomId } = await ada.rooms.create.mutate({ name: 'Hall' });
  const straight = await answersOf(server, token, roomId, {});
  // Who speaks JSON-RPC is answered so; and that as tRPC's own adapter does it: see trpcSocket.test.ts.
  const eventByEvent = await answersOf(server, token, roomId, { jsonrpc: '2.0' });
  const clientId = crypto.randomUUID();
  await ada.messages.send.mutate({ roomId, clientId, text: '안녕 👋' });
  const [own, theirs] = [await straight.message(), await eventByEvent.message()];
  expect(own).toEqual(theirs.replace(/,"jsonrpc":"2.0"/, ''));
  expect(own).toContain('안녕 👋');
  await straight.close();
  await eventByEvent.close();
});

async function answersOf(server: LiveServer, token: string, roomId: string, extra: object) {
  const socket = await openRawSocket(server.url, { token });
  const params = { path: 'messages.live', input: { roomId } };
  socket.send(JSON.stringify({ id: 1, ...extra, method: 'subscription', params }));
  return {
    async message(): Promise<string> {
      for (;;) {
        const next: Answer = await socket.next();
        const json = JSON.stringify(next);
        if (json.includes('"type":"message"')) return json;
      }
    },
    close: () => socket[Symbol.asyncDispose](),
  };
}
