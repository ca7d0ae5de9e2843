/**
 * Runs a call with a timeout. At the timeout the promise is rejected and the signal is aborted, so that a call that
 * still waits for a connection is not sent later. A late answer is ignored.
 */
export function withTimeout<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`The server did not answer within ${ms} ms.`));
    abort.abort();
  }, ms);
  return Promise.race([call(abort.signal), promise]).finally(() => clearTimeout(timer));
}
