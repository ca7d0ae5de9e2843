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
  /** How long the process may take to load the model, which may come from a slow disk. */
  startTimeoutMs?: number;
  /** How long the process may send nothing while an answer is due, before it counts as dead. */
  answerTimeoutMs?: number;
  /** The limit of the process's resident memory. By default three times the model, and a gigabyte for streams. */
  memoryLimitBytes?: number;
  /** How long the model stays loaded while nobody speaks. */
  idleMs?: number;
};

const LABEL = 'sherpa-onnx';
const CHILD = join(import.meta.dirname, 'child.ts');

/** sherpa-onnx: offline, no account. All streams share one process, because the model is large. */
export function createSherpaEngine({
  model,
  directory,
  startTimeoutMs = 120_000,
  answerTimeoutMs = 20_000,
  memoryLimitBytes,
  idleMs = 5 * 60_000,
}: SherpaOptions): SpeechEngine {
  const files = filesIn(directory, model.files);
  const settings: SherpaChildSettings = { model, files, threads: threadsFor(model) };
  const slot = new EngineSlot({
    label: LABEL,
    module: CHILD,
    args: [JSON.stringify(settings)],
    // `SherpaDecoder.close` calls the garbage collector, because only that frees a native stream.
    execArgv: ['--expose-gc'],
    startTimeoutMs,
    answerTimeoutMs,
    memoryLimitBytes: memoryLimitBytes ?? 3 * sizeOf(files) + 1_024 ** 3,
    idleMs,
    loadFailure: `the model “${basename(directory)}” is damaged; npm run speech fetches it again`,
  });
  const streams = createEngineStreams(() => slot);

  return {
    name: 'sherpa',
    label: LABEL,
    description: `Understands ${model.understands} on this machine; the audio does not leave it.`,
    languages: model.languages,
    features: model.detectsLanguage ? ['auto'] : [],
    chunkMs: 100,
    longestSeconds: null,
    refuses: (options) => localRefusal(options, { label: LABEL, languages: model.languages }),
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

/** At most half of the processors: the server needs some too. */
function threadsFor({ maxThreads }: SherpaModel): number {
  return Math.max(1, Math.min(maxThreads, Math.floor(availableParallelism() / 2)));
}

/** Bytes of all files. A missing file counts as empty; the process reports it when it starts. */
function sizeOf(files: ModelFiles): number {
  return Object.values(files).reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** `auto` in a room that has chosen only one language means that language. */
function languageOf({ language, settings }: SpeechOptions): string {
  const [only, ...others] = settings?.languages ?? [];
  return language === 'auto' && only && others.length === 0 ? only : language;
}
