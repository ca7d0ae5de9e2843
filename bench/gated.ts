import { VoiceGate, type VoiceGateOptions } from '../server/speech/microphone/voiceGate.ts';
import { chunked } from '../server/transcriber/testing/audio.ts';

const CHUNK_MS = 100;

/**
 * What an engine gets of a microphone through the gate: its streams, one for each stretch between suspensions, each as
 * the pieces that passed.
 */
export function gate(pcm: Uint8Array, options: VoiceGateOptions): { at: number; pcm: Uint8Array }[][] {
  const voiceGate = new VoiceGate(options);
  const stretches: { at: number; pcm: Uint8Array }[][] = [];
  let isSuspended = true;
  for (const chunk of chunked(pcm, CHUNK_MS, options.sampleRate)) {
    for (const event of voiceGate.take(chunk)) {
      if (event.type === 'audio' && isSuspended) stretches.push([]);
      isSuspended = event.type === 'suspend';
      if (event.type === 'audio') stretches.at(-1)?.push({ at: event.at, pcm: event.pcm });
    }
  }
  return stretches;
}
