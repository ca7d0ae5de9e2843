import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { localRefusal } from '../local/refusal.ts';
import { EngineSlot } from '../local/slot.ts';
import { createEngineStreams } from '../local/streams.ts';
import type { SpeechEngine } from '../transcriber.ts';
import { LANGUAGE } from './decoder.ts';
import { BASE_LIBRARY, DECODER_LIBRARY, LIBRARY_DIRECTORIES, MODEL_DIRECTORY, modelFiles } from './files.ts';

type PocketsphinxOptions = {
  /** The folder of the English model. */
  modelDirectory?: string;
  /** How long a process may take to start, and to answer a chunk, before it counts as dead. */
  answerTimeoutMs?: number;
};

const LABEL = 'PocketSphinx';
const CHILD = join(import.meta.dirname, 'child.ts');
/** Five times the memory that a decoder needs. */
const MEMORY_LIMIT_BYTES = 512 * 1_024 * 1_024;

/** Checks that the libraries and the model are installed, without loading them. `reason` is a sentence for people. */
export function findPocketsphinx(
  modelDirectory = MODEL_DIRECTORY,
  libraryDirectories = LIBRARY_DIRECTORIES,
): { ok: true } | { ok: false; reason: string } {
  const missing = [
    ...[BASE_LIBRARY, DECODER_LIBRARY].filter(
      (name) => !libraryDirectories.some((directory) => existsSync(join(directory, name))),
    ),
    ...Object.values(modelFiles(modelDirectory)).filter((path) => !existsSync(path)),
  ];
  if (missing.length === 0) return { ok: true };
  return { ok: false, reason: `PocketSphinx is not installed (missing: ${missing.join(', ')}).` };
}

/** PocketSphinx: English only, offline, no account, a third of the words wrong. Every stream has its own process. */
export function createPocketsphinxEngine({
  modelDirectory = MODEL_DIRECTORY,
  answerTimeoutMs = 20_000,
}: PocketsphinxOptions = {}): SpeechEngine {
  const slotFor = () =>
    new EngineSlot({
      label: LABEL,
      module: CHILD,
      args: [modelDirectory],
      startTimeoutMs: answerTimeoutMs,
      answerTimeoutMs,
      memoryLimitBytes: MEMORY_LIMIT_BYTES,
      idleMs: 0,
      loadFailure: `the model in ${modelDirectory} cannot be loaded`,
    });

  return {
    name: 'pocketsphinx',
    label: LABEL,
    description: 'Runs on this machine, English only; about a third of the words come out wrong.',
    languages: [LANGUAGE],
    features: [],
    chunkMs: 100,
    longestSeconds: null,
    refuses: (options) => localRefusal(options, { label: LABEL, languages: [LANGUAGE] }),
    billedSeconds: () => 0,
    ...createEngineStreams(slotFor),
  };
}
