import type { HttpBindings } from '@hono/node-server';
import { create as contentDisposition } from 'content-disposition';
import type { Context } from 'hono';
import type { Log } from '../log.ts';
import { cutIfUnread } from './unreadAnswers.ts';

export type Download = {
  /** May contain any characters, because people type room names. */
  fileName: string;
  contentType: string;
  text: AsyncIterable<string>;
};

const encoder = new TextEncoder();

/**
 * Streams a file while it is made, no faster than the client reads. If making it fails, the connection is cut, so that
 * nobody takes a part of the file for the whole file.
 */
export function download<E extends { Bindings: HttpBindings }>(
  c: Context<E>,
  { fileName, contentType, text }: Download,
  log: Log,
): Response {
  const { outgoing } = c.env as HttpBindings;
  cutIfUnread(outgoing);
  const source = text[Symbol.asyncIterator]();
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await source.next();
        if (isCancelled) return;
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (error) {
        log.warn({ err: error, path: c.req.path }, 'a download failed and was cut off');
        outgoing.destroy();
      }
    },
    async cancel() {
      isCancelled = true;
      await source.return?.();
    },
  });
  return c.body(body, 200, {
    'content-type': contentType,
    'content-disposition': attachment(fileName),
  });
}

/** Characters that a file system refuses or reads as part of a path, and those that turn the name or end it unseen. */
const UNSAFE = /[/\\:*?"<>|\p{Cc}\p{Cs}\p{Bidi_Control}\p{Noncharacter_Code_Point}\uFEFF]+/gu;

/** The `Content-Disposition` header (RFC 6266): a name in UTF-8, and one in ASCII for clients that read no other. */
export function attachment(fileName: string): string {
  const safe = fileName.replace(UNSAFE, '-').replace(/^[\s.-]+/, '') || 'download';
  return contentDisposition(safe);
}
