import { AppError } from '../../contract/errors.ts';

/** Limits how many places each holder has at a time. A holder that has none takes no memory. */
export class Quota<Holder> {
  readonly #taken = new Map<Holder, number>();
  readonly #limit: number;
  readonly #refusal: { reason: string; message: string };

  /** @param refusal the reason and message of the error for a holder that wants one place too many. */
  constructor(limit: number, refusal: { reason: string; message: string }) {
    this.#limit = limit;
    this.#refusal = refusal;
  }

  /**
   * Takes a place for a holder.
   * @returns a function that releases the place; calling it again does nothing.
   * @throws AppError TOO_MANY_REQUESTS
   */
  take(holder: Holder): () => void {
    const taken = this.#taken.get(holder) ?? 0;
    if (taken >= this.#limit) throw this.#refusalError();
    this.#taken.set(holder, taken + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(holder);
      isHeld = false;
    };
  }

  #release(holder: Holder): void {
    const left = (this.#taken.get(holder) ?? 1) - 1;
    if (left > 0) this.#taken.set(holder, left);
    else this.#taken.delete(holder);
  }

  #refusalError(): AppError {
    const { reason, message } = this.#refusal;
    return new AppError('TOO_MANY_REQUESTS', reason, message, { retryable: true, retryAfterMs: 1_000 });
  }
}
