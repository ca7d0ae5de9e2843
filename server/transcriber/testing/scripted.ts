import type { AudioChunk, SpeechEngine, SpeechOptions, TranscriptEvent } from '../transcriber.ts';

/**
 * What the engine does with its next chunk: it emits a partial or a final, or emits nothing, throws, stops reading and
 * emitting until it is aborted (`hang`), or ends its events before the audio has ended (`leave`).
 */
export type Step = 'nothing' | 'hang' | 'leave' | { partial: string } | { final: string } | { fail: Error };

/** The record of one call of the engine. */
type ScriptedStream = {
  options: SpeechOptions;
  pcm: Uint8Array[];
  audioEnded: boolean;
  freed: boolean;
};

export type ScriptedEngine = SpeechEngine & { streams: ScriptedStream[] };

/**
 * An engine for tests that need exact events or a fault that no real engine makes on demand. Each stream runs the whole
 * script (or the script for this call, counted from 0): one step a chunk, and the remaining steps when the audio ends.
 */
export function createScriptedEngine(
  script: Step[] | ((call: number) => Step[]),
  refusal: string | null = null,
): ScriptedEngine {
  const streams: ScriptedStream[] = [];
  return {
    name: 'sherpa',
    label: 'A scripted engine',
    description: 'Follows the script of a test.',
    languages: null,
    features: [],
    chunkMs: 100,
    longestSeconds: null,
    refuses: () => refusal,
    billedSeconds: (audioSeconds) => audioSeconds,
    async *transcribe(audio, { signal, ...options }) {
      const stream: ScriptedStream = { options, pcm: [], audioEnded: false, freed: false };
      streams.push(stream);
      const source = audio[Symbol.asyncIterator]();
      try {
        const steps = typeof script === 'function' ? script(streams.length - 1) : script;
        yield* runScript(steps, source, stream, whenAborted(signal));
      } finally {
        source.return?.().then(undefined, () => {});
        stream.freed = true;
      }
    },
    close: async () => {},
    streams,
  };
}

const ABORTED = Symbol('aborted');

async function* runScript(
  script: Step[],
  source: AsyncIterator<AudioChunk>,
  stream: ScriptedStream,
  aborted: Promise<typeof ABORTED>,
): AsyncGenerator<TranscriptEvent, void, void> {
  const steps = script.values();
  let utterance = 0;
  for (;;) {
    const next = stream.audioEnded ? undefined : await Promise.race([source.next(), aborted]);
    if (next === ABORTED) return;
    if (next?.done) stream.audioEnded = true;
    else if (next) stream.pcm.push(new Uint8Array(next.value));
    const { value: step, done } = steps.next();
    if (step === 'leave' || (done && stream.audioEnded)) return;
    if (step === 'hang') {
      await aborted;
      return;
    }
    if (step === undefined || step === 'nothing') continue;
    if ('fail' in step) throw step.fail;
    yield toEvent(step, `utterance-${utterance}`, stream);
    if ('final' in step) utterance += 1;
  }
}

function toEvent(
  step: { partial: string } | { final: string },
  utteranceId: string,
  { pcm, options }: ScriptedStream,
): TranscriptEvent {
  const text = 'final' in step ? step.final : step.partial;
  const end = pcm.reduce((bytes, chunk) => bytes + chunk.length, 0) / 2 / options.sampleRate;
  const start = Math.max(0, end - (pcm.at(-1)?.length ?? 0) / 2 / options.sampleRate);
  const words = text.split(' ').map((word) => ({ text: word, start, end, confidence: 0.5 }));
  const type = 'final' in step ? 'final' : 'partial';
  const stableChars = type === 'final' ? text.length : 0;
  return { type, utteranceId, text, stableChars, language: 'en-US', start, end, confidence: 0.5, words };
}

function whenAborted(signal: AbortSignal): Promise<typeof ABORTED> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(ABORTED);
    signal.addEventListener('abort', () => resolve(ABORTED), { once: true });
  });
}
