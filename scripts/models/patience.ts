import type { FetchError } from './fetchError.ts';

/** Ends a request whose server is silent for too long. */
export class Patience {
  /** Set once it is over: it is why the request failed. */
  error: FetchError | undefined;
  readonly #request = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** From now on the server has so long, until the next call. */
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
