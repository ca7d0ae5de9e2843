import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { localRefusal } from '../local/refusal.ts';
import { EngineSlot } from '../local/slot.ts';
import { createEngineStreams } from '../local/streams.ts';
import type { SpeechEngine, SpeechOptions } from '../transcriber.ts';
import type { SherpaChildSettings } from './child.ts';
import type { ModelFiles, SherpaModel } from './models.ts';

export type SherpaOptions = {
  model: SherpaModel;
  /** The model's own folder. */
  directory: string;
  /** How long the process may take to load the model: it may come from a slow disk. */
  startLimitMs?: number;
  /** How long it may be silent while it owes an answer before it counts as dead. */
  answerLimitMs?: number;
  /** Resident memory of the process. By default three times the model, and a gigabyte for streams. */
  memoryLimitBytes?: number;
  /** How long the model stays loaded when nobody speaks. */
  idleMs?: number;
};

const LABEL = 'sherpa-onnx';
const CHILD = join(import.meta.dirname, 'child.ts');
const LOWEST_RATE = 8_000;
const HIGHEST_RATE = 48_000;

/** sherpa-onnx: offline, no account. All streams share one process, because the model is large. */
export function createSherpaEngine({
  model,
  directory,
  startLimitMs = 120_000,
  answerLimitMs = 20_000,
  memoryLimitBytes,
  idleMs = 5 * 60_000,
}: SherpaOptions): SpeechEngine {
  const files = filesIn(directory, model.files);
  const settings: SherpaChildSettings = { model, files, threads: threadsFor(model) };
  const slot = new EngineSlot({
    label: LABEL,
    module: CHILD,
    args: [JSON.stringify(settings)],
    // What a stream has held is freed with its last reference, which is too small to make anybody look.
    execArgv: ['--expose-gc'],
    startLimitMs,
    answerLimitMs,
    memoryLimitBytes: memoryLimitBytes ?? 3 * sizeOf(files) + 1_024 ** 3,
    idleMs,
    unloadable: `the model “${basename(directory)}” is damaged; npm run speech fetches it again`,
  });
  const streams = createEngineStreams(() => slot);

  return {
    name: 'sherpa',
    label: LABEL,
    description: `Hears ${model.hears} on this machine; the audio does not leave it.`,
    languages: model.languages,
    features: model.tellsLanguages ? ['auto'] : [],
    chunkMs: 100,
    longestSeconds: null,
    refuses: (options) => refusal(options, model.languages),
    billedSeconds: () => 0,
    transcribe: (audio, options) => streams.transcribe(audio, { ...options, language: languageOf(options) }),
    async close() {
      await streams.close();
      slot.stop();
    },
  };
}

function filesIn(directory: string, files: ModelFiles): ModelFiles {
  return Object.fromEntries(
    Object.entries(files).map(([part, file]) => [part, join(directory, file)]),
  ) as ModelFiles;
}

/** Half of the processors at most: the server needs some too. */
function threadsFor({ mostThreads }: SherpaModel): number {
  return Math.max(1, Math.min(mostThreads, Math.floor(availableParallelism() / 2)));
}

/** In bytes; what is missing will be told by the process. */
function sizeOf(files: ModelFiles): number {
  return Object.values(files).reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function refusal(options: SpeechOptions, languages: string[]): string | null {
  const { sampleRate } = options;
  if (!(sampleRate >= LOWEST_RATE && sampleRate <= HIGHEST_RATE))
    return `${LABEL} needs audio of ${LOWEST_RATE} to ${HIGHEST_RATE} samples a second, not ${sampleRate}.`;
  return localRefusal(options, { label: LABEL, languages });
}

/** A room that lets the engine find out, but only one language is spoken in, has said which. */
function languageOf({ language, settings }: SpeechOptions): string {
  const [only, ...others] = settings?.languages ?? [];
  return language === 'auto' && only && others.length === 0 ? only : language;
}
