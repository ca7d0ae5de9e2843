import { VoiceGate, type VoiceGateOptions } from '../server/speech/microphone/voiceGate.ts';
import { chunked } from '../server/transcriber/testing/audio.ts';

const CHUNK_MS = 100;

/**
 * Runs the audio of a microphone through the voice gate.
 * @returns one list for each segment (a run of speech until the gate suspends), with the pieces that an engine receives.
 */
export function gate(pcm: Uint8Array, options: VoiceGateOptions): { at: number; pcm: Uint8Array }[][] {
  const voiceGate = new VoiceGate(options);
  const segments: { at: number; pcm: Uint8Array }[][] = [];
  let isSuspended = true;
  for (const chunk of chunked(pcm, CHUNK_MS, options.sampleRate)) {
    for (const event of voiceGate.take(chunk)) {
      if (event.type === 'audio' && isSuspended) segments.push([]);
      isSuspended = event.type === 'suspend';
      if (event.type === 'audio') segments.at(-1)?.push({ at: event.at, pcm: event.pcm });
    }
  }
  return segments;
}
