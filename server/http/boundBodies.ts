import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { tooManyCalls } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Identity } from '../auth/identity.ts';
import { BytesHeld } from '../flow/bytesHeld.ts';
import { personOf } from '../flow/tally.ts';
import type { Arrival } from './arrival.ts';
import { tokenOf } from './session.ts';

/** Bodies up to this length do not count: to find out who sends them would cost more than they do. */
const SMALL_BYTES = 16 * 1024;
/** Pieces of bodies are joined up to this length. */
const JOINED_BYTES = 16 * 1024;

/**
 * Bounds the bodies that come at the same time. Nobody needs a session to begin a thousand bodies of 255 KB, or to send one
 * byte by byte.
 * @throws AppError TOO_MANY_REQUESTS `too_many_calls` for a large body of somebody who sends many already
 */
export function boundBodies(
  identity: Identity,
): MiddlewareHandler<{ Bindings: HttpBindings; Variables: { arrival: Arrival } }> {
  const bodies = new BytesHeld();
  return async (c, next) => {
    const { incoming, outgoing } = c.env;
    const bytes = bodyBytes(incoming.headers);
    if (bytes === 0 || incoming.complete || outgoing.closed) return next();
    joinPieces(incoming, bytes);
    if (bytes <= SMALL_BYTES) return next();
    const user = await identity.identify(tokenOf(incoming.headers));
    const person = personOf({ userId: user?.id ?? null, address: c.var.arrival.address });
    const limit = user ? LIMITS.bodyBytesPerUser : LIMITS.strangersBodyBytes;
    if (bodies.of(person) + bytes > limit) {
      // The body is not read, so this connection cannot carry another request.
      c.header('connection', 'close');
      throw tooManyCalls();
    }
    hold(bodies, { name: person, bytes }, outgoing);
    await next();
  };
}

function hold(
  held: BytesHeld,
  { name, bytes }: { name: string; bytes: number },
  outgoing: ServerResponse,
): void {
  if (outgoing.closed) return;
  held.add(name, bytes);
  outgoing.once('close', () => held.add(name, -bytes));
}

/**
 * Joins the pieces of a body as they come. Each would cost a kilobyte besides its bytes until the body is complete, and a
 * client can send single bytes.
 * @param bytes how long the body is at most.
 */
export function joinPieces(incoming: IncomingMessage, bytes: number): void {
  const size = Math.min(bytes, JOINED_BYTES);
  let joined = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  const push = incoming.push.bind(incoming);
  const pushJoined = () => {
    const isRead = filled === 0 || push(joined.subarray(0, filled));
    joined = Buffer.allocUnsafeSlow(size);
    filled = 0;
    return isRead;
  };
  // Node hands each piece to this method, and null at the end.
  incoming.push = (piece: Buffer | null) => {
    if (piece !== null && piece.length <= size - filled) {
      filled += piece.copy(joined, filled);
      return true;
    }
    const isRead = pushJoined();
    return piece === null || piece.length > size / 2 ? push(piece) : incoming.push(piece) && isRead;
  };
}

/** How long the body of a request will be, or may be. 0 for a request without one. */
export function bodyBytes(headers: HttpBindings['incoming']['headers']): number {
  if (headers['transfer-encoding'] !== undefined) return LIMITS.bodyBytes;
  // A longer one is refused as too long.
  return Math.min(LIMITS.bodyBytes, Number(headers['content-length'] ?? 0));
}
