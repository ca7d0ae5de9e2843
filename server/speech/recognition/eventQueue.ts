import type { EngineName } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { RecognitionEvent } from './types.ts';

type State = Extract<RecognitionEvent, { type: 'state' }>;

/** What the hearing of a stretch has told and nobody has read yet: of each utterance only the newest. */
export class EventQueue extends Channel<RecognitionEvent> {
  #silent = false;

  state(
    state: State['state'],
    engine: EngineName,
    { reason, message }: Pick<State, 'reason' | 'message'>,
  ): void {
    this.tell({
      ...{ type: 'state', state, engine },
      ...(reason !== undefined && message !== undefined && { reason, message }),
    });
  }

  queued(place: number): void {
    this.tell({ type: 'queued', place });
  }

  all(events: TranscriptEvent[]): void {
    for (const event of events) this.tell(event);
  }

  tell(heard: RecognitionEvent): void {
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
