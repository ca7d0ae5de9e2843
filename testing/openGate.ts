import type { Gate } from '../server/speech/microphone/microphone.ts';

/** Lets everything through: for tests in which a script, not a voice, says what is heard. */
export function openGate(): Gate {
  let at = 0;
  return {
    take(pcm) {
      const passed = { type: 'audio' as const, at, pcm };
      at += pcm.byteLength / 2;
      return [passed];
    },
    skipTo(next) {
      at = next;
    },
  };
}
