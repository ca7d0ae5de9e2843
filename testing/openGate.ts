import type { Gate } from '../server/speech/microphone/microphone.ts';

/** A gate that passes all audio, for tests in which a script decides what is recognised. */
export function openGate(): Gate {
  let at = 0;
  return {
    take(pcm) {
      const event = { type: 'audio' as const, at, pcm };
      at += pcm.byteLength / 2;
      return [event];
    },
    skipTo(next) {
      at = next;
    },
  };
}
