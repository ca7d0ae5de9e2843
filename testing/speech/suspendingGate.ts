import type { Gate } from '../../server/speech/microphone/microphone.ts';
import { openGate } from '../../server/speech/microphone/openGate.ts';

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
