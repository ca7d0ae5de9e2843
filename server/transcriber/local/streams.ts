import { Channel } from '../../flow/channel.ts';
import type { SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import type { EngineSlot } from './slot.ts';
import { EngineStream } from './stream.ts';

/**
 * What an engine that hears in child processes promises as a transcriber.
 * @param slotFor the place of the process for the next stream.
 */
export function createEngineStreams(slotFor: () => EngineSlot): Pick<SpeechEngine, 'transcribe' | 'close'> {
  const open = new Set<Channel<TranscriptEvent>>();

  return {
    transcribe: (audio, options) => ({
      [Symbol.asyncIterator]() {
        if (options.signal.aborted) return ended();
        const { events } = new EngineStream(audio, options, {
          slot: slotFor(),
          onFreed: () => open.delete(events),
        });
        open.add(events);
        return events;
      },
    }),
    async close() {
      await Promise.all([...open].map((events) => events.return()));
    },
  };
}

function ended(): Channel<TranscriptEvent> {
  const none = new Channel<TranscriptEvent>();
  none.end();
  return none;
}
