import { createMiddleware } from 'hono/factory';

/**
 * Keeps answers out of caches. nginx, CDNs and browsers may store an answer that says nothing about caching, and hand
 * it to the next person. Files of the client are the same for everybody and say so themselves.
 */
export function neverCached() {
  return createMiddleware(async (c, next) => {
    await next();
    const { headers } = c.res;
    const said = headers.get('cache-control');
    if (said && !isOfCaller(c.req.path)) return;
    // Proxies must not compress a stream of events, because a compressor holds them back.
    headers.set('cache-control', said?.includes('no-transform') ? 'no-store, no-transform' : 'no-store');
    for (const name of ['Cookie', 'Authorization']) headers.append('vary', name);
  });
}

/** Whether the answers of a path depend on who asks. */
function isOfCaller(path: string): boolean {
  return /^\/(api|trpc)(\/|$)/.test(path);
}
