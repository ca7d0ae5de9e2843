import type { IncomingMessage } from 'node:http';
import { createMiddleware } from 'hono/factory';
import { AppError } from '../../contract/errors.ts';

export type OriginRule = (origin: string | undefined, host: string | undefined) => boolean;

/**
 * Who may use a browser's cookies on us: programs (they send no Origin), our own pages, and the origins an operator
 * names. Without this any page on the web could open a socket as whoever visits it.
 */
export function createOriginRule(allowedOrigins: string[]): OriginRule {
  const allowed = new Set(allowedOrigins);
  return (origin, host) => {
    if (origin === undefined) return true;
    if (allowed.has(origin)) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  };
}

/** Refuses calls that change something when they come from a foreign page. */
export function refuseForeignOrigins(rule: OriginRule) {
  return createMiddleware(async (c, next) => {
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!reads && !rule(c.req.header('origin'), c.req.header('host'))) throw foreignOrigin();
    await next();
  });
}

export function isForeignUpgrade(rule: OriginRule, { headers }: IncomingMessage): boolean {
  return !rule(headers.origin, headers.host);
}

function foreignOrigin(): AppError {
  return new AppError('FORBIDDEN', 'foreign_origin', 'This page may not call this server.');
}
