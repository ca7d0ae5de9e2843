import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LiveServer, openServer } from '../../testing/liveServer.ts';

let server: LiveServer;
beforeEach(async () => {
  server = await openServer({ pulse: { pingMs: 40, pongWaitMs: 400 } });
});
afterEach(() => server[Symbol.asyncDispose]());

/** A client that answers this many pings and then sends nothing more. */
async function clientAnswering(pings: number) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/trpc`);
  const received: string[] = [];
  const answered = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    received.push(data.toString());
    if (received.length > pings) answered.resolve();
    else socket.send('PONG');
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, received, answered: answered.promise, closed };
}

test('a client that answers every ping stays connected', async () => {
  const client = await clientAnswering(20);
  await client.answered;
  expect(client.received).toEqual(Array.from({ length: 21 }, () => 'PING'));
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  client.socket.close();
  await client.closed;
});

test('a client that stops answering is cut without a close frame', async () => {
  const client = await clientAnswering(3);
  expect(await client.closed).toBe(1_006);
  expect(client.received).toEqual(['PING', 'PING', 'PING', 'PING']);
});

test('a ping of the client is answered, and counts as a sign of life', async () => {
  const client = await clientAnswering(0);
  const pings = setInterval(() => client.socket.send('PING'), 5);
  const pongs = () => client.received.filter((text) => text === 'PONG').length;
  while (pongs() < 100) await once(client.socket, 'message');
  clearInterval(pings);
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  client.socket.close();
  await client.closed;
});
