import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { callerGone, tooManyCalls } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Permits } from '../flow/permits.ts';

const STALLED_MS = 60_000;

/**
 * Waits until a user may ask for one more page, and holds the place until the client has taken the whole answer. So a
 * client that asks and never reads makes the server hold a few answers at most.
 * @throws AppError TOO_MANY_REQUESTS if many of the user's requests wait already
 */
export async function admitQuery(
  queries: Permits<string>,
  userId: string,
  outgoing: ServerResponse,
): Promise<void> {
  if (queries.waiting(userId) >= LIMITS.queriesWaiting) throw tooManyCalls();
  const release = await queries.take(userId);
  if (outgoing.closed || outgoing.req.socket.destroyed) {
    release();
    throw callerGone();
  }
  outgoing.once('close', release);
  cutIfUnread(outgoing);
}

/** Cuts a connection whose client takes nothing of its answer for a minute. */
export function cutIfUnread(outgoing: ServerResponse): void {
  outgoing.setTimeout(STALLED_MS, () => outgoing.destroy());
}

/**
 * Handles the requests of one connection one after another. Node starts all requests that a client pipelines at once, and
 * keeps the answers in memory until the client has read those before them.
 */
export function oneAtATime(): MiddlewareHandler<{ Bindings: HttpBindings }> {
  const lines = new WeakMap<Socket, { last: Promise<unknown>; length: number }>();
  return async (c, next) => {
    const { incoming, outgoing } = c.env as { incoming?: IncomingMessage; outgoing?: ServerResponse };
    if (!incoming || !outgoing) return next();
    const line = lines.get(incoming.socket) ?? { last: Promise.resolve(), length: 0 };
    lines.set(incoming.socket, line);
    if (line.length >= LIMITS.pipelinedRequests) incoming.socket.destroy();
    line.length += 1;
    const before = line.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    line.last = promise;
    outgoing.once('close', () => {
      line.length -= 1;
      resolve();
    });
    await before;
    if (incoming.socket.destroyed) return c.body(null);
    await next();
  };
}
