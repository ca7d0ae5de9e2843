import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Server } from 'socket.io';
import { theirMessage } from './theirMessage.ts';

/** Socket.IO on Express, as its documentation shows it. There is one room, and every text goes to everybody in it. */
const app = express();
const server = createServer(app);
const io = new Server(server, { serveClient: false });
let seq = 0;

io.on('connection', (socket) => {
  socket.on('join', () => {
    void socket.join('room');
    socket.emit('joined');
  });
  socket.on('say', (text: string) => {
    seq += 1;
    io.to('room').emit('message', theirMessage(seq, text));
  });
});

server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => process.exit(0));
