import { describeFailure, type Failure } from '../sdk/errors.ts';

export type Handlers<T> = { onData: (data: T) => void; onError: (error: unknown) => void };

/** A lost socket is tRPC's to mend; this is for a subscription that the server ended with an error. */
const AGAIN_MS = 2_000;

/**
 * Keeps a subscription going until the answer is called: begins it again when it fails for now.
 * @param onRefused hears of the failure that will not pass.
 */
export function keepSubscribed<T>(
  begin: (handlers: Handlers<T>) => { unsubscribe: () => void },
  onData: (data: T) => void,
  onRefused: (failure: Failure) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () =>
    begin({
      onData,
      onError(error) {
        const failure = describeFailure(error);
        const passes = failure.retryable || failure.code === 'INTERNAL_SERVER_ERROR';
        if (!passes) return onRefused(failure);
        timer = setTimeout(() => {
          current = open();
        }, failure.retryAfterMs ?? AGAIN_MS);
      },
    });
  let current = open();
  return () => {
    clearTimeout(timer);
    current.unsubscribe();
  };
}
