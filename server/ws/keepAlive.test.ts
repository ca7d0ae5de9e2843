import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
beforeEach(async () => {
  server = await openServer({ pulse: { pingMs: 40, pongWaitMs: 400 } });
});
afterEach(() => server[Symbol.asyncDispose]());

/** A client that answers so many pings, and then says nothing more. */
async function clientAnswering(pings: number) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/trpc`);
  const heard: string[] = [];
  const answered = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    heard.push(data.toString());
    if (heard.length > pings) answered.resolve();
    else socket.send('PONG');
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, heard, answered: answered.promise, closed };
}

test('a client that answers every ping stays, however long it has nothing to say', async () => {
  const client = await clientAnswering(20);
  await client.answered;
  expect(client.heard).toEqual(Array.from({ length: 21 }, () => 'PING'));
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  client.socket.close();
  await client.closed;
});

test('a client that answers no more is cut, without a word', async () => {
  const client = await clientAnswering(3);
  expect(await client.closed).toBe(1_006);
  expect(client.heard).toEqual(['PING', 'PING', 'PING', 'PING']);
});

test('a ping of the client is answered, and is a sign of life as good as any', async () => {
  const client = await clientAnswering(0);
  const pings = setInterval(() => client.socket.send('PING'), 5);
  const pongs = () => client.heard.filter((text) => text === 'PONG').length;
  while (pongs() < 100) await once(client.socket, 'message');
  clearInterval(pings);
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  client.socket.close();
  await client.closed;
});
