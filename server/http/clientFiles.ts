import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';

const NOT_BUILT = 'The client is not built. Start the server with `npm start`.';

/** The web client: its files, and its page for every address that is one of its own. */
export function createClientFiles(directory: string) {
  return new Hono()
    .use(compress())
    .use('/assets/*', async (c, next) => {
      await next();
      // Their names change with their content.
      if (c.res.ok) c.res.headers.set('cache-control', 'public, max-age=31536000, immutable');
    })
    .get('/assets/*', serveStatic({ root: directory }), (c) => c.notFound())
    .get('/*', serveStatic({ root: directory, onFound: (_, c) => c.header('cache-control', 'no-cache') }))
    .get('/*', (c) => {
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
