import type { FetchError } from './fetchError.ts';

/** Aborts a request whose server is silent for too long. */
export class RequestTimeout {
  /** Set when the time is up: the reason why the request failed. */
  error: FetchError | undefined;
  readonly #request = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** Aborts with `error` in `ms`, unless it is called again or ended before. */
  allow(ms: number, error: FetchError): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.error = error;
      this.#request.abort(error);
    }, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
