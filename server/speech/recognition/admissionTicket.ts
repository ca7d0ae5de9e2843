import type { Admission } from './admission.ts';

export type AdmissionRequest = {
  again: boolean;
  onPlace: (place: number) => void;
  /** It is held now. */
  onTaken: () => void;
  onError: (error: unknown) => void;
};

/** The place of one stretch: asked for, held, given back; never two. */
export class AdmissionTicket {
  #asking: AbortController | undefined;
  #giveBack: (() => void) | undefined;

  get held(): boolean {
    return this.#giveBack !== undefined;
  }

  /** Whether it is waited for. */
  get asked(): boolean {
    return this.#asking !== undefined;
  }

  /** Asks for a place, unless one is held or asked for already. */
  ask(places: Admission, { again, onPlace, onTaken, onError }: AdmissionRequest): void {
    if (this.held || this.#asking) return;
    const asking = new AbortController();
    this.#asking = asking;
    const current = () => this.#asking === asking;
    const onQueue = (place: number) => {
      if (current()) onPlace(place);
    };
    places.take({ signal: asking.signal, again, onPlace: onQueue }).then(
      (giveBack) => {
        if (!current()) return giveBack();
        this.#asking = undefined;
        this.#giveBack = giveBack;
        onTaken();
      },
      (error: unknown) => {
        if (current()) onError(error);
      },
    );
  }

  /** Gives it back, or asks no longer. */
  giveBack(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.abort();
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}
