import type { CaptionEvent, StreamEvent, Utterance } from '../../../../contract/types.ts';

// Short events for tests of the captions.

export const ada = { id: 'ada', name: 'Ada' };
export const stream = (streamId: string, state: 'listening' | 'ended'): StreamEvent => ({
  ...{ type: 'stream', engine: 'aws', speaker: ada },
  ...{ streamId, state },
});
export const utterance = (type: 'partial' | 'final', streamId: string): CaptionEvent => ({
  type,
  utterance: { id: `words of ${streamId}`, streamId, text: 'word' } as Utterance,
});
