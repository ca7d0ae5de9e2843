import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { LIMITS } from '../../contract/limits.ts';
import { type Caller, personOf } from '../flow/tally.ts';
import type { Answer } from '../flow/unread.ts';
import type { Work } from '../flow/work.ts';

const STALLED_MS = 60_000;

/** @returns the answer to a request, which counts as unread until its client has taken the whole of it. */
export function answerTo({ unread }: Work, caller: Caller, outgoing: ServerResponse): Answer {
  const answer = unread.answerTo(personOf(caller));
  if (outgoing.closed || outgoing.req.socket.destroyed) answer.taken();
  outgoing.once('close', () => answer.taken());
  cutIfUnread(outgoing);
  return answer;
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
