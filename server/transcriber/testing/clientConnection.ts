import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';

/** A client's TCP connection to the test server, with faults beneath HTTP/2. */
export type ClientConnection = {
  socket: Socket;
  /** The stream on which the server speaks HTTP/2. */
  http2Stream: Duplex;
  /** From now on the server receives nothing from the client, and neither side gets an error. */
  freeze: () => void;
};

/** HTTP/2 reads a socket in native code, which cannot be paused. A freezable connection uses a pair of streams. */
export function openConnection(socket: Socket, { freezable = false } = {}): ClientConnection {
  if (!freezable) return { socket, http2Stream: socket, freeze() {} };
  const [near, far] = duplexPair();
  socket.pipe(near);
  near.pipe(socket);
  socket.on('close', () => far.destroy());
  far.on('close', () => socket.destroy());
  return {
    socket,
    http2Stream: far,
    freeze() {
      socket.unpipe(near);
      // The bytes are read and dropped. An unread socket would not notice when the client leaves.
      socket.resume();
    },
  };
}
