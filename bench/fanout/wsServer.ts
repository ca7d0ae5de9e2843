import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { theirMessage } from './theirMessage.ts';

/** Bare `ws`. It serialises every text once and sends it to every socket that has joined. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const joined = new Set<WebSocket>();
let seq = 0;

server.on('connection', (socket) => {
  socket.once('close', () => joined.delete(socket));
  socket.on('message', (data) => {
    const text = data.toString();
    if (text === 'join') {
      joined.add(socket);
      socket.send('joined');
      return;
    }
    seq += 1;
    const message = Buffer.from(JSON.stringify({ type: 'message', message: theirMessage(seq, text) }));
    for (const one of joined) one.send(message, { binary: false });
  });
});

server.on('listening', () => console.log(`port ${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit(0));
