/** Why something could not be fetched, in a sentence for people. */
export class FetchError extends Error {
  /** Whether it may be over in a moment. */
  readonly passing: boolean;

  constructor(message: string, { passing = false, cause }: { passing?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'FetchError';
    this.passing = passing;
  }
}
