import { setTimeout as pause } from 'node:timers/promises';
import { FetchError } from './fetchError.ts';
import { type Known, PartFile } from './partFile.ts';
import { Patience } from './patience.ts';

export type RemoteFile = {
  url: string;
  /** Hexadecimal. What has another one is thrown away. */
  sha256: string;
};

export type FetchOptions = {
  /** How long the server may take to begin its answer, and to go on with it. */
  answerMs?: number;
  stallMs?: number;
  /** How often in a row it may fail without anything new, and how long to wait after the first; longer each time. */
  tries?: number;
  pauseMs?: number;
  /** How much there is of the file, and how much there will be if the server has said so. */
  onProgress?: (bytes: number, total: number | null) => void;
};

/**
 * Fetches a file whose digest is known. What has come so far is kept when the connection breaks or this process ends,
 * and continued by the next call; nothing but the whole and right file ever stands at `place`.
 * @throws FetchError; an error of the file system as it is.
 */
export async function fetchFile(file: RemoteFile, place: string, options: FetchOptions = {}): Promise<void> {
  const part = new PartFile(place);
  try {
    await fetchPersistently(file.url, part, options);
  } catch (error) {
    if (!isFull(error)) throw error;
    // Half a model serves nobody, and the database may lie on the same disk.
    await part.forget();
    throw new FetchError('The disk is full. What had been fetched has been deleted.', { cause: error });
  }
  if (await part.finish(file.sha256)) return;
  throw new FetchError(
    `What ${hostOf(file.url)} sent is not the right file (its digest). It has been deleted.`,
  );
}

async function fetchPersistently(url: string, part: PartFile, options: FetchOptions): Promise<void> {
  const { tries = 6, pauseMs = 1_000, onProgress } = options;
  let farthest = 0;
  let failures = 0;
  const watched: FetchOptions = {
    ...options,
    onProgress(bytes, total) {
      // Only what is new counts: a server that starts from the beginning each time would break off for ever.
      if (bytes > farthest) failures = 0;
      farthest = Math.max(farthest, bytes);
      onProgress?.(bytes, total);
    },
  };
  for (;;) {
    try {
      await fetchRest(url, part, watched);
      return;
    } catch (error) {
      failures += 1;
      // A server that is out of reach from the start will not be there in a moment either.
      const hopeless = !(error instanceof FetchError) || (farthest === 0 && !error.passing);
      if (hopeless || failures === tries) throw error;
      await pause(pauseMs * failures);
    }
  }
}

async function fetchRest(url: string, part: PartFile, options: FetchOptions): Promise<void> {
  const { answerMs = 10_000, stallMs = 30_000, onProgress } = options;
  const patience = new Patience();
  const awaitMore = () =>
    patience.allow(stallMs, new FetchError(`${hostOf(url)} stopped sending.`, { passing: true }));
  patience.allow(answerMs, new FetchError(`${hostOf(url)} did not answer in time.`));
  try {
    const known = await part.known();
    const response = await fetch(url, { headers: headersFor(known), signal: patience.signal }).catch(
      (cause: Error) => {
        throw unreachable(url, cause);
      },
    );
    awaitMore();
    const from = await startOf(response, { url, part, known });
    if (from === null || !response.body) return;
    const length = response.headers.get('content-length');
    const total = length === null ? null : from + Number(length);
    await part.append(response.body, (bytes) => {
      awaitMore();
      onProgress?.(bytes, total);
    });
  } catch (error) {
    throw patience.error ?? brokenOff(url, error);
  } finally {
    patience.end();
  }
}

function headersFor(known: Known | null): Record<string, string> {
  // Compressed on its way, the rest of the file would be the rest of something else.
  const plain = { 'accept-encoding': 'identity' };
  return known ? { ...plain, range: `bytes=${known.bytes}-`, 'if-range': known.validator } : plain;
}

/** Where the answer's first byte belongs: after what is there, or at the start; null if all of it is there. */
async function startOf(
  response: Response,
  { url, part, known }: { url: string; part: PartFile; known: Known | null },
): Promise<number | null> {
  const { status, headers } = response;
  const range = headers.get('content-range');
  if (status === 206 && known && range?.startsWith(`bytes ${known.bytes}-`)) return known.bytes;
  if (status === 200) {
    await part.startAnew(validatorIn(headers));
    return 0;
  }
  await response.body?.cancel().catch(() => {});
  if (status === 416 && known && range === `bytes */${known.bytes}`) return null;
  // What is there does not fit what the server has.
  const misfit = status === 206 || status === 416;
  if (misfit) await part.forget();
  const passing = misfit || status === 429 || status >= 500;
  throw new FetchError(`${hostOf(url)} answered ${status} instead of sending the file.`, { passing });
}

/** A weak ETag promises only that the file means the same, not that its bytes are the same (RFC 9110, 8.8.1). */
function validatorIn(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag && !etag.startsWith('W/') ? etag : headers.get('last-modified');
}

function unreachable(url: string, error: Error): FetchError {
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  return new FetchError(`${hostOf(url)} cannot be reached${code ? ` (${code})` : ''}.`, { cause: error });
}

/** Errors of the file system name a system call. What else happens while bytes come happens to the connection. */
function brokenOff(url: string, error: unknown): unknown {
  if (error instanceof FetchError || (error as NodeJS.ErrnoException).syscall) return error;
  return new FetchError(`The connection to ${hostOf(url)} broke.`, { passing: true, cause: error });
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function hostOf(url: string): string {
  return new URL(url).host;
}
