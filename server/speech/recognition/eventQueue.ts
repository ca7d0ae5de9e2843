import type { EngineName } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { Heard } from './types.ts';

type State = Extract<Heard, { type: 'state' }>;

/** What the hearing of a stretch has told and nobody has read yet: no state twice, and of each utterance only the newest. */
export class Told extends Channel<Heard> {
  /** The state as it was last told. */
  #state = '';
  #silent = false;

  state(
    state: State['state'],
    engine: EngineName,
    { reason, message }: Pick<State, 'reason' | 'message'>,
  ): void {
    const told = [state, engine, reason, message].join();
    if (told === this.#state) return;
    this.#state = told;
    this.tell({
      ...{ type: 'state', state, engine },
      ...(reason !== undefined && message !== undefined && { reason, message }),
    });
  }

  queued(place: number): void {
    this.#state = '';
    this.tell({ type: 'queued', place });
  }

  all(events: TranscriptEvent[]): void {
    for (const event of events) this.tell(event);
  }

  tell(heard: Heard): void {
    if (this.#silent) return;
    // Of an utterance that changes faster than it is read, the newest says it all.
    if (heard.type === 'partial' || heard.type === 'final') {
      const { utteranceId } = heard;
      this.drop((unread) => unread.type === 'partial' && unread.utteranceId === utteranceId);
    }
    this.push(heard);
  }

  /** Tells no more. */
  silence(): void {
    this.#silent = true;
  }
}
