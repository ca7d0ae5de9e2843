import { AppError } from '../../contract/errors.ts';

/** So many at a time for each holder. */
export class Quota<Holder> {
  readonly #taken = new Map<Holder, number>();
  readonly #limit: number;
  readonly #refusal: { reason: string; message: string };

  /** @param refusal what a holder is told who wants one more. */
  constructor(limit: number, refusal: { reason: string; message: string }) {
    this.#limit = limit;
    this.#refusal = refusal;
  }

  /**
   * @returns gives it back; more than once is once.
   * @throws AppError TOO_MANY_REQUESTS
   */
  take(holder: Holder): () => void {
    const taken = this.#taken.get(holder) ?? 0;
    if (taken >= this.#limit) throw this.#refuse();
    this.#taken.set(holder, taken + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#giveBack(holder);
      isHeld = false;
    };
  }

  #giveBack(holder: Holder): void {
    const left = (this.#taken.get(holder) ?? 1) - 1;
    if (left > 0) this.#taken.set(holder, left);
    else this.#taken.delete(holder);
  }

  #refuse(): AppError {
    const { reason, message } = this.#refusal;
    return new AppError('TOO_MANY_REQUESTS', reason, message, { retryable: true, retryAfterMs: 1_000 });
  }
}
