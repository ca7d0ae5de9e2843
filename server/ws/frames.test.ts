import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { tracked } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import { httpClient } from '../../testing/clients.ts';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';
import { type Answer, openRawSocket } from '../../testing/rawSocket.ts';
import { createFrames } from './frames.ts';

// The types of `ws` do not include `Receiver`.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** The text messages that a client's WebSocket reads from these bytes. */
function read(bytes: Buffer): string[] {
  const texts: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer) => texts.push(data.toString()));
  receiver.write(bytes);
  return texts;
}

const text = createFrames((event: { text: string }) => event);
const answer = (id: number | string, data: unknown) => JSON.stringify({ id, result: { type: 'data', data } });

/** Bytes of buffers that are still referenced. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i += 1) collect();
  return process.memoryUsage().arrayBuffers;
}

test('of an event that is kept hold its own bytes only, whatever else is encoded meanwhile', () => {
  const before = bufferBytes();
  const kept = Array.from({ length: 200 }, (_, i) => {
    const event = { text: `message ${i}` };
    text([event], 1);
    // The traffic of other rooms and calls, which uses up Node's pool of small buffers.
    for (let bytes = 0; bytes < Buffer.poolSize; bytes += 1_024) Buffer.from('x'.repeat(1_024));
    return event;
  });
  expect(bufferBytes() - before).toBeLessThan(kept.length * 1_024);
  expect(text(kept.slice(0, 1), 1).length).toBeGreaterThan(0);
});

describe('frames', () => {
  // Sizes around those at which a frame's header grows.
  test.each([0, 1, 70, 79, 80, 81, 200, 65_400, 65_489, 65_490, 65_491, 70_000])(
    'of an event of %d characters are one answer to the client',
    (length) => {
      const event = { text: 'x'.repeat(length) };
      expect(read(text([event], 1))).toEqual([answer(1, event)]);
    },
  );

  test('of several events are one per event, in order, for any request id', () => {
    const events = ['a', '안녕 👋', '"quotes"\n'].map((one) => ({ text: one }));
    for (const id of [0, 7, 2 ** 40, 'seven', '"'] as const) {
      expect(read(text(events, id))).toEqual(events.map((event) => answer(id, event)));
    }
  });

  test('of tracked events carry the event id as tRPC does', () => {
    const frames = createFrames(({ rev }: { rev: number }) => tracked(String(rev), { rev }));
    const result = { type: 'data', data: { id: '5', data: { rev: 5 } }, id: '5' };
    expect(read(frames([{ rev: 5 }], 1))).toEqual([JSON.stringify({ id: 1, result })]);
  });

  test('are made once for all subscribers with the same request id', () => {
    let shapeCalls = 0;
    const frames = createFrames((event: object) => {
      shapeCalls += 1;
      return event;
    });
    const events = [{ a: 1 }, { a: 2 }];
    const [first, other, again] = [frames(events, 1), frames(events, 2), frames(events, 1)];
    expect([again === first, other === first, shapeCalls]).toEqual([true, false, 2]);
  });
});

test('a subscriber gets the same bytes through the outlet as through tRPC', async () => {
  await using server = await openServer();
  const { token } = await server.enter('Ada');
  const ada = httpClient(server.url, token);
  const { id: roomId } = await ada.rooms.create.mutate({ name: 'Hall' });
  const throughOutlet = await subscribe(server, token, roomId, {});
  // A JSON-RPC client gets its events through tRPC. trpcSocket.test.ts compares those answers with tRPC's own adapter.
  const throughTrpc = await subscribe(server, token, roomId, { jsonrpc: '2.0' });
  const clientId = crypto.randomUUID();
  await ada.messages.send.mutate({ roomId, clientId, text: '안녕 👋' });
  const [own, theirs] = [await throughOutlet.message(), await throughTrpc.message()];
  expect(own).toEqual(theirs.replace(/,"jsonrpc":"2.0"/, ''));
  expect(own).toContain('안녕 👋');
  await throughOutlet.close();
  await throughTrpc.close();
});

async function subscribe(server: LiveServer, token: string, roomId: string, extra: object) {
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
