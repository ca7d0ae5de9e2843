import { PocketsphinxDecoder } from './pocketsphinxDecoder.ts';
import { loadDecoder } from './pocketsphinxNative.ts';
import type { AudioChunk, TranscriptEvent } from './transcriber.ts';

/** Each message is answered by one, and the start by `ready`. */
export type ToChild = AudioChunk | 'end';
export type FromChild =
  | { type: 'ready' }
  | { type: 'heard'; events: TranscriptEvent[] }
  | { type: 'ended'; events: TranscriptEvent[] }
  | { type: 'failed'; when: 'loading' | 'hearing'; message: string };

/**
 * The process that hears one stream: the native code blocks while it works and, if it crashes, takes its process with
 * it. It lives as long as the server holds on to it.
 */
function main(modelDirectory: string): void {
  process.once('disconnect', () => process.exit());
  // A terminal sends these to the children too, but the server still wants to hear the rest while it drains.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});

  const decoder = attempt('loading', () => new PocketsphinxDecoder(loadDecoder(modelDirectory)));
  if (!decoder) return;
  process.on('message', (message: ToChild) => attempt('hearing', () => answer(decoder, message)));
  tell({ type: 'ready' });
}

function answer(decoder: PocketsphinxDecoder, message: ToChild): void {
  if (message === 'end') tell({ type: 'ended', events: decoder.end() });
  else tell({ type: 'heard', events: decoder.hear(message) });
}

function attempt<T>(when: 'loading' | 'hearing', work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    tell({ type: 'failed', when, message: error instanceof Error ? error.message : String(error) });
    return;
  }
}

/** The server may have gone meanwhile; `disconnect` then ends this process. */
function tell(message: FromChild): void {
  process.send?.(message, undefined, undefined, () => {});
}

main(process.argv[2] ?? '');
