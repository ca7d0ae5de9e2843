/** A failed download. The message is a sentence for people. */
export class FetchError extends Error {
  /** Whether another attempt may succeed soon. */
  readonly passing: boolean;

  constructor(message: string, { passing = false, cause }: { passing?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'FetchError';
    this.passing = passing;
  }
}
