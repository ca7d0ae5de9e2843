import type { HttpBindings } from '@hono/node-server';
import { create as contentDisposition } from 'content-disposition';
import type { Context } from 'hono';
import type { Log } from '../log.ts';

export type Download = {
  /** As people may have typed it. */
  fileName: string;
  contentType: string;
  text: AsyncIterable<string>;
};

/** Somebody who takes nothing of a download for so long is cut off. */
const STALLED_MS = 60_000;

const encoder = new TextEncoder();

/**
 * Answers a file as it is made, no faster than it is read. If the making fails the connection is cut: nobody takes a part
 * for the whole.
 */
export function download<E extends { Bindings: HttpBindings }>(
  c: Context<E>,
  { fileName, contentType, text }: Download,
  log: Log,
): Response {
  const { outgoing } = c.env as HttpBindings;
  outgoing.setTimeout(STALLED_MS);
  const source = text[Symbol.asyncIterator]();
  let isWanted = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await source.next();
        if (!isWanted) return;
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (error) {
        log.warn({ err: error, path: c.req.path }, 'could not finish a download');
        outgoing.destroy();
      }
    },
    async cancel() {
      isWanted = false;
      await source.return?.();
    },
  });
  return c.body(body, 200, {
    'content-type': contentType,
    'content-disposition': attachment(fileName),
    'cache-control': 'private, no-store',
  });
}

/** Characters that a file system may refuse, or take for a part of the path. */
const UNSAFE = /[/\\:*?"<>|\p{C}]+/gu;

/** The header that names a download (RFC 6266): in UTF-8, and with question marks for clients that read only ASCII. */
export function attachment(fileName: string): string {
  const safe = fileName.replace(UNSAFE, '-').replace(/^[\s.-]+/, '') || 'download';
  return contentDisposition(safe);
}
