import type { Gate } from './microphone.ts';

/** A gate that passes all audio, silence too. */
export function openGate(): Gate {
  let at = 0;
  return {
    take(pcm) {
      const event = { type: 'audio' as const, at, pcm };
      at += pcm.byteLength / 2;
      return [event];
    },
    skipTo(next) {
      at = Math.max(at, next);
    },
  };
}
