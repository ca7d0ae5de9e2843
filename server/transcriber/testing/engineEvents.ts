import { expect } from 'vitest';
import type { TranscriptEvent } from '../transcriber.ts';

/** Matches the AppError of a local engine that fails. */
export function engineFault(retryable: boolean, message: RegExp) {
  return {
    code: 'SERVICE_UNAVAILABLE',
    reason: 'engine_failed',
    retryable,
    message: expect.stringMatching(message),
  };
}

export async function finalsOf(events: AsyncIterable<TranscriptEvent>): Promise<TranscriptEvent[]> {
  return (await Array.fromAsync(events)).filter(({ type }) => type === 'final');
}
