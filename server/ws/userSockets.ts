import { CLOSE } from '../../contract/close.ts';
import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { ClientSocket } from './clientSocket.ts';

/** The sockets of each user. They share a limit of unread events. */
export class UserSockets {
  readonly #byUser = new Map<string, Set<ClientSocket>>();

  /**
   * @returns a function that removes the socket.
   * @throws AppError if the user has too many. Then the socket is closed with a code that tells the client to stop.
   */
  add(userId: string, socket: ClientSocket): () => void {
    const sockets = this.#byUser.get(userId) ?? new Set();
    if (sockets.size >= LIMITS.socketsPerUser) {
      // The error goes out first.
      setImmediate(() => socket.end(CLOSE.tooManySockets, 'too_many_sockets'));
      throw tooManySockets();
    }
    this.#byUser.set(userId, sockets.add(socket));
    socket.joinPeers(sockets);
    return () => {
      sockets.delete(socket);
      if (sockets.size === 0) this.#byUser.delete(userId);
    };
  }
}

function tooManySockets(): AppError {
  const message = 'You are connected too many times at once. Close some windows first.';
  return new AppError('TOO_MANY_REQUESTS', 'too_many_sockets', message, {
    retryable: true,
    retryAfterMs: 1_000,
  });
}
