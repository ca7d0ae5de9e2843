import { Channel } from '../../flow/channel.ts';
import type { SpeechEngine, TranscriptEvent } from '../transcriber.ts';
import type { EngineSlot } from './slot.ts';
import { EngineStream } from './stream.ts';

/**
 * `transcribe` and `close` of an engine that runs in child processes. `close` ends all open streams.
 * @param slotFor returns the slot whose process serves the next stream.
 */
export function createEngineStreams(slotFor: () => EngineSlot): Pick<SpeechEngine, 'transcribe' | 'close'> {
  const open = new Set<Channel<TranscriptEvent>>();

  return {
    transcribe: (audio, options) => ({
      [Symbol.asyncIterator]() {
        if (options.signal.aborted) return noEvents();
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

function noEvents(): Channel<TranscriptEvent> {
  const channel = new Channel<TranscriptEvent>();
  channel.end();
  return channel;
}
