import { createMiddleware } from 'hono/factory';
import { AppError } from '../../contract/errors.ts';
import type { Log } from '../log.ts';
import type { Arrival } from './arrival.ts';

export type OriginRule = {
  /** Whether the operator names this origin, in ALLOWED_ORIGINS or as PUBLIC_URL. */
  isNamed: (origin: string) => boolean;
  /**
   * Lets programs pass (they send no Origin), our own pages, and the origins that the operator names. Without this rule,
   * any page on the web could open a socket in the name of its visitor.
   * @throws AppError FORBIDDEN `foreign_origin` that says which setting would let the page in
   */
  check: (origin: string | undefined, arrival: Pick<Arrival, 'host'>) => void;
};

/** Each foreign origin is logged once. A page can make any number of names, so only so many are. */
const LOGGED = 100;

/** @param publicUrl the address that people use, if the operator names it */
export function createOriginRule(
  allowedOrigins: string[],
  publicUrl: string | undefined,
  log: Log,
): OriginRule {
  const named = new Set([...allowedOrigins, ...(publicUrl ? [publicUrl] : [])].map(originOf));
  const logged = new Set<string>();
  const isNamed = (origin: string) => named.has(originOf(origin) ?? '');
  return {
    isNamed,
    check(origin, { host }) {
      if (origin === undefined || isNamed(origin) || isOwn(origin, host)) return;
      const advice = adviceFor(originOf(origin), publicUrl);
      if (logged.size < LOGGED && !logged.has(origin)) {
        logged.add(origin);
        log.warn({ origin, host, advice }, 'a page of a foreign origin was refused');
      }
      throw new AppError('FORBIDDEN', 'foreign_origin', advice);
    },
  };
}

/** Refuses requests from a foreign page, except GET and HEAD, which change nothing. */
export function refuseForeignOrigins(rule: OriginRule) {
  return createMiddleware<{ Variables: { arrival: Arrival } }>(async (c, next) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!isRead) rule.check(c.req.header('origin'), c.var.arrival);
    await next();
  });
}

/** The normal form of an origin: lower case, without the default port and the dot of an absolute name. */
function originOf(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text)) return undefined;
  const url = URL.parse(text);
  return url ? `${url.protocol}//${url.host.replace(/\.(?=:\d+$|$)/, '')}` : undefined;
}

/** A Host header has no scheme, so the default port of the origin's scheme counts. */
function isOwn(origin: string, host: string | undefined): boolean {
  const own = originOf(origin);
  return own !== undefined && host !== undefined && own === originOf(`${new URL(origin).protocol}//${host}`);
}

function adviceFor(origin: string | undefined, publicUrl: string | undefined): string {
  if (!origin) return 'Pages without an address of their own may not call this server.';
  const refusal = `Pages of ${origin} may not call this server.`;
  const allow = `add ${origin} to ALLOWED_ORIGINS`;
  if (publicUrl) return `${refusal} Its operator can ${allow}.`;
  const own = `If this is its own address behind a proxy, its operator must set PUBLIC_URL=${origin}.`;
  return `${refusal} ${own} Otherwise the operator can ${allow}.`;
}
