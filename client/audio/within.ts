/**
 * A call that does not settle in time is a failure; its answer, should it still come, is not used. Its signal is
 * aborted then: what waits for a connection must not be sent any more.
 */
export function within<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error('no answer in time'));
    abort.abort();
  }, ms);
  return Promise.race([call(abort.signal), promise]).finally(() => clearTimeout(timer));
}
