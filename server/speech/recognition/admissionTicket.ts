import type { GapReason } from '../../../contract/types.ts';
import type { AcquireOptions, Admission } from './admission.ts';

export type AdmissionRequest = Omit<AcquireOptions, 'signal'> & {
  onAdmitted: () => void;
  onError: (error: unknown) => void;
};

/** The admission of one segment: requested, held, released. It never holds two slots. */
export class AdmissionTicket {
  #request: AbortController | undefined;
  #release: (() => void) | undefined;

  /** Whether a slot is held, so that an engine call may run. */
  get isHeld(): boolean {
    return this.#release !== undefined;
  }

  /** Whether a slot is requested and not granted yet. */
  get isPending(): boolean {
    return this.#request !== undefined;
  }

  /** Why audio is lost while no call runs. */
  get gapReason(): GapReason {
    return this.isPending ? 'queue' : 'engine';
  }

  /** Requests a slot, unless one is held or requested already. */
  request(admission: Admission, { onAdmitted, onError, ...options }: AdmissionRequest): void {
    if (this.isHeld || this.isPending) return;
    const request = new AbortController();
    this.#request = request;
    const isCurrent = () => this.#request === request;
    admission.acquire({ signal: request.signal, ...options }).then(
      (release) => {
        if (!isCurrent()) return release();
        this.#request = undefined;
        this.#release = release;
        onAdmitted();
      },
      (error: unknown) => {
        if (isCurrent()) onError(error);
      },
    );
  }

  /** Releases the slot, or withdraws the request. */
  release(): void {
    const request = this.#request;
    this.#request = undefined;
    request?.abort();
    this.#release?.();
    this.#release = undefined;
  }
}
