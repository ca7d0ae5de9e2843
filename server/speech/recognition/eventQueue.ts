import type { EngineName } from '../../../contract/types.ts';
import { Channel } from '../../flow/channel.ts';
import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import type { RecognitionEvent } from './types.ts';

type State = Extract<RecognitionEvent, { type: 'state' }>;

/** The events of a segment that nobody has read yet. Of each utterance it keeps only the newest. */
export class EventQueue extends Channel<RecognitionEvent> {
  pushState(
    state: State['state'],
    engine: EngineName,
    { reason, message }: Pick<State, 'reason' | 'message'>,
  ): void {
    this.push({
      ...{ type: 'state', state, engine },
      ...(reason !== undefined && message !== undefined && { reason, message }),
    });
  }

  pushAll(events: TranscriptEvent[]): void {
    for (const event of events) this.push(event);
  }

  override push(event: RecognitionEvent): void {
    // A newer event of an utterance replaces an unread partial of it.
    if (event.type === 'partial' || event.type === 'final') {
      const { utteranceId } = event;
      this.drop((unread) => unread.type === 'partial' && unread.utteranceId === utteranceId);
    }
    super.push(event);
  }
}
