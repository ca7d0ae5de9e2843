import type { IncomingMessage } from 'node:http';
import { createMiddleware } from 'hono/factory';
import { AppError } from '../../contract/errors.ts';

/** Whether a request with these `Origin` and `Host` headers may use our cookies. */
export type OriginRule = (origin: string | undefined, host: string | undefined) => boolean;

/**
 * Allows programs (they send no Origin), our own pages, and the origins that the operator names. Without this rule, any
 * page on the web could open a socket in the name of its visitor.
 */
export function createOriginRule(allowedOrigins: string[]): OriginRule {
  const allowed = new Set(allowedOrigins);
  return (origin, host) => {
    if (origin === undefined) return true;
    if (allowed.has(origin)) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  };
}

/** Refuses requests from a foreign page, except GET and HEAD, which change nothing. */
export function refuseForeignOrigins(rule: OriginRule) {
  return createMiddleware(async (c, next) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!isRead && !rule(c.req.header('origin'), c.req.header('host'))) throw foreignOrigin();
    await next();
  });
}

export function isForeignUpgrade(rule: OriginRule, { headers }: IncomingMessage): boolean {
  return !rule(headers.origin, headers.host);
}

function foreignOrigin(): AppError {
  return new AppError(
    'FORBIDDEN',
    'foreign_origin',
    'Pages of this origin may not call this server. The operator can add it to ALLOWED_ORIGINS.',
  );
}
