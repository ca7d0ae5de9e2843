import type { AudioChunk, SpeechEngine, SpeechOptions, TranscriptEvent } from '../transcriber.ts';

/**
 * What the engine does when it gets its next chunk: it hears something, or nothing; it throws, stops drawing the
 * audio and says no more (`hang`), or ends its events before the audio has ended (`leave`).
 */
export type Step = 'nothing' | 'hang' | 'leave' | { partial: string } | { final: string } | { fail: Error };

/** What became of one call of the engine. */
type ScriptedStream = {
  options: SpeechOptions;
  pcm: Uint8Array[];
  audioEnded: boolean;
  freed: boolean;
};

export type ScriptedEngine = SpeechEngine & { streams: ScriptedStream[] };

/**
 * An engine for tests that need a fault which no real engine has on demand. Each stream follows the script from its
 * beginning (or that of the script for this call, counted from 0), a step a chunk; when the audio ends it does the
 * steps that are left.
 */
export function createScriptedEngine(
  script: Step[] | ((call: number) => Step[]),
  refusal: string | null = null,
): ScriptedEngine {
  const streams: ScriptedStream[] = [];
  return {
    name: 'sherpa',
    label: 'A scripted engine',
    description: 'Hears what a test tells it to.',
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
        yield* follow(steps, source, stream, abortion(signal));
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

async function* follow(
  script: Step[],
  source: AsyncIterator<AudioChunk>,
  stream: ScriptedStream,
  aborted: Promise<typeof ABORTED>,
): AsyncGenerator<TranscriptEvent, void, void> {
  const steps = script.values();
  let utterance = 0;
  for (;;) {
    const drawn = stream.audioEnded ? undefined : await Promise.race([source.next(), aborted]);
    if (drawn === ABORTED) return;
    if (drawn?.done) stream.audioEnded = true;
    else if (drawn) stream.pcm.push(drawn.value.slice());
    const { value: step, done } = steps.next();
    if (step === 'leave' || (done && stream.audioEnded)) return;
    if (step === 'hang') {
      await aborted;
      return;
    }
    if (step === undefined || step === 'nothing') continue;
    if ('fail' in step) throw step.fail;
    yield hear(step, `utterance-${utterance}`, stream);
    if ('final' in step) utterance += 1;
  }
}

function hear(
  said: { partial: string } | { final: string },
  utteranceId: string,
  { pcm, options }: ScriptedStream,
): TranscriptEvent {
  const text = 'final' in said ? said.final : said.partial;
  const end = pcm.reduce((bytes, chunk) => bytes + chunk.length, 0) / 2 / options.sampleRate;
  const start = Math.max(0, end - (pcm.at(-1)?.length ?? 0) / 2 / options.sampleRate);
  const words = text.split(' ').map((word) => ({ text: word, start, end, confidence: 0.5 }));
  const type = 'final' in said ? 'final' : 'partial';
  const stableChars = type === 'final' ? text.length : 0;
  return { type, utteranceId, text, stableChars, language: 'en-US', start, end, confidence: 0.5, words };
}

function abortion(signal: AbortSignal): Promise<typeof ABORTED> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(ABORTED);
    signal.addEventListener('abort', () => resolve(ABORTED), { once: true });
  });
}
