import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';

/** A client's connection, and what can be done to it beneath HTTP/2. */
export type Line = {
  socket: Socket;
  /** What HTTP/2 is to be spoken on. */
  end: Duplex;
  /** Nothing that the client says arrives any more, and nobody is told. */
  freeze: () => void;
};

/** HTTP/2 reads a socket where no JavaScript can stop it; one that may freeze therefore goes through a pair of streams. */
export function openLine(socket: Socket, { freezable = false } = {}): Line {
  if (!freezable) return { socket, end: socket, freeze() {} };
  const [near, end] = duplexPair();
  socket.pipe(near);
  near.pipe(socket);
  socket.on('close', () => end.destroy());
  end.on('close', () => socket.destroy());
  return {
    socket,
    end,
    freeze() {
      socket.unpipe(near);
      // Read and thrown away, so that we notice when the client leaves.
      socket.resume();
    },
  };
}
