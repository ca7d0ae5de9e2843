import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The file name of each part of a model, in the model's folder. */
export type ModelFiles =
  | { encoder: string; decoder: string; joiner: string; tokens: string }
  | { nemoCtc: string; tokens: string };

export type SherpaModel = {
  /** The name of the model's folder, and its name for `npm run speech`. */
  name: string;
  /** For people, as in “understands … on this machine”. */
  understands: string;
  /** BCP 47. `auto` means the first one if the model cannot detect the language. */
  languages: [string, ...string[]];
  /** Whether the model detects which of its languages somebody speaks. */
  detectsLanguage: boolean;
  /** Whether the model writes everything in capitals. */
  capitalsOnly: boolean;
  files: ModelFiles;
  /** More threads than this do not make the model faster. */
  maxThreads: number;
};

/** The models that the server can use, the best first. */
export const SHERPA_MODELS: readonly SherpaModel[] = [
  {
    name: 'ko',
    understands: 'Korean and English well, with punctuation (Nemotron 3.5)',
    languages: ['ko-KR', 'en-US'],
    detectsLanguage: true,
    capitalsOnly: false,
    files: {
      encoder: 'encoder.int8.onnx',
      decoder: 'decoder.int8.onnx',
      joiner: 'joiner.int8.onnx',
      tokens: 'tokens.txt',
    },
    maxThreads: 4,
  },
  {
    name: 'en',
    understands: 'clear English fairly well, without punctuation (Zipformer 20M)',
    languages: ['en-US'],
    detectsLanguage: false,
    capitalsOnly: true,
    files: {
      encoder: 'encoder-epoch-99-avg-1.int8.onnx',
      decoder: 'decoder-epoch-99-avg-1.onnx',
      joiner: 'joiner-epoch-99-avg-1.int8.onnx',
      tokens: 'tokens.txt',
    },
    maxThreads: 1,
  },
];

/**
 * Finds the best model in `directory`, where each model has a folder of its name. `npm run speech` renames a finished
 * folder to that name, so a model with all its files is whole. `reason` is a sentence for people.
 */
export function findSherpaModel(
  directory: string,
): { ok: true; model: SherpaModel } | { ok: false; reason: string } {
  const model = SHERPA_MODELS.find(({ name, files }) =>
    Object.values(files).every((file) => existsSync(join(directory, name, file))),
  );
  if (model) return { ok: true, model };
  return { ok: false, reason: 'There is no speech model for sherpa-onnx (npm run speech fetches one).' };
}
