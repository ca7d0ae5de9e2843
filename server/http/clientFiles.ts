import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

const NOT_BUILT = 'The client is not built. Start the server with `npm start`.';

/**
 * Serves the web client's files, compressed where the build wrote compressed ones beside them. Every other address gets
 * the client's page, which has a router of its own.
 */
export function createClientFiles(directory: string) {
  return new Hono()
    .use('/assets/*', async (c, next) => {
      await next();
      // The name of an asset changes with its content, so it can be cached for ever.
      if (!c.res.ok) return;
      const { headers } = c.res;
      headers.set('cache-control', 'public, max-age=31536000, immutable');
      // A compressed file says it already.
      if (!/accept-encoding/i.test(headers.get('vary') ?? '')) headers.append('vary', 'Accept-Encoding');
    })
    .get('/assets/*', serveStatic({ root: directory, precompressed: true }), (c) => c.notFound())
    .get('/favicon.ico', serveStatic({ root: directory, rewriteRequestPath: () => '/icon.svg' }), (c) =>
      c.notFound(),
    )
    .get(
      '/*',
      serveStatic({
        root: directory,
        precompressed: true,
        onFound: (_, c) => c.header('cache-control', 'no-cache'),
      }),
    )
    .get('/*', (c) => {
      // A missing file is no page: the addresses of pages have no dot.
      if (/\.[^/]*$/.test(c.req.path)) return c.notFound();
      c.header('cache-control', 'no-cache');
      return c.html(readPage(directory));
    });
}

function readPage(directory: string): string {
  try {
    return readFileSync(join(directory, 'index.html'), 'utf8');
  } catch {
    return NOT_BUILT;
  }
}
