import { setTimeout as pause } from 'node:timers/promises';
import { FetchError } from './fetchError.ts';
import { type Known, PartFile } from './partFile.ts';
import { RequestTimeout } from './requestTimeout.ts';

export type RemoteFile = {
  url: string;
  /** Hexadecimal. A file with another digest is deleted. */
  sha256: string;
};

export type FetchOptions = {
  /** The longest wait for the first byte of the answer, and for each further one. */
  answerMs?: number;
  stallMs?: number;
  /** How many attempts in a row may fail without new bytes, and the pause after the first; later pauses are longer. */
  tries?: number;
  pauseMs?: number;
  /** Called with the bytes so far, and the file's size if the server has named it. */
  onProgress?: (bytes: number, total: number | null) => void;
};

/**
 * Downloads a file whose digest is known. If the connection breaks or this process ends, the next call continues where it
 * stopped. Only the complete, right file ever stands at `place`.
 * @throws FetchError for the network, and the file system's own errors unchanged.
 */
export async function fetchFile(file: RemoteFile, place: string, options: FetchOptions = {}): Promise<void> {
  const part = new PartFile(place);
  try {
    await fetchPersistently(file.url, part, options);
  } catch (error) {
    if (!isFull(error)) throw error;
    // Half a model is of no use, and the database may lie on the same disk.
    await part.forget();
    throw new FetchError('The disk is full. The incomplete download was deleted.', { cause: error });
  }
  if (await part.finish(file.sha256)) return;
  throw new FetchError(
    `${hostOf(file.url)} sent another file than expected (its digest differs). It was deleted.`,
  );
}

async function fetchPersistently(url: string, part: PartFile, options: FetchOptions): Promise<void> {
  const { tries = 6, pauseMs = 1_000, onProgress } = options;
  let farthest = 0;
  let failures = 0;
  const watched: FetchOptions = {
    ...options,
    onProgress(bytes, total) {
      // Only new bytes count. Otherwise a server that starts from the beginning each time would be asked for ever.
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
      // A server that cannot be reached at the first attempt will not be there a second later.
      const hopeless = !(error instanceof FetchError) || (farthest === 0 && !error.passing);
      if (hopeless || failures === tries) throw error;
      await pause(pauseMs * failures);
    }
  }
}

async function fetchRest(url: string, part: PartFile, options: FetchOptions): Promise<void> {
  const { answerMs = 10_000, stallMs = 30_000, onProgress } = options;
  const timeout = new RequestTimeout();
  const awaitMore = () =>
    timeout.allow(stallMs, new FetchError(`${hostOf(url)} stopped sending.`, { passing: true }));
  timeout.allow(answerMs, new FetchError(`${hostOf(url)} did not answer in time.`));
  try {
    const known = await part.known();
    const response = await fetch(url, { headers: headersFor(known), signal: timeout.signal }).catch(
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
    throw timeout.error ?? brokenOff(url, error);
  } finally {
    timeout.end();
  }
}

function headersFor(known: Known | null): Record<string, string> {
  // A range of a compressed body is not a range of the file.
  const plain = { 'accept-encoding': 'identity' };
  return known ? { ...plain, range: `bytes=${known.bytes}-`, 'if-range': known.validator } : plain;
}

/** The offset of the answer's first byte in the file; null if the file is complete already. */
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
  // Our part does not fit the server's file.
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

/** Errors of the file system name a system call. Any other error during the download is the connection's. */
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
