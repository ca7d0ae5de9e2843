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

/** A gate that suspends at each chunk whose first sample is 0, and passes all others. */
export function suspendingGate(): Gate {
  const gate = openGate();
  return {
    skipTo: gate.skipTo,
    take(pcm) {
      const passed = gate.take(pcm);
      const [at, isSilent] = [passed[0]?.at ?? 0, pcm[0] === 0];
      return isSilent ? [{ type: 'suspend', at }] : passed;
    },
  };
}
