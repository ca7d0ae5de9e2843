import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a model, by the names of their files in its folder. */
export type ModelFiles =
  | { encoder: string; decoder: string; joiner: string; tokens: string }
  | { nemoCtc: string; tokens: string };

export type SherpaModel = {
  /** The name of its folder, and how `npm run speech` knows it. */
  name: string;
  /** For people, as in “hears … on this machine”. */
  hears: string;
  /** BCP 47; the first is what `auto` means where the model cannot tell languages apart. */
  languages: [string, ...string[]];
  /** Whether it finds out by itself which of them is spoken. */
  tellsLanguages: boolean;
  /** Whether it writes everything in capitals. */
  capitalsOnly: boolean;
  files: ModelFiles;
  /** More threads than this do not make it faster. */
  mostThreads: number;
};

/** The models that can be used, best first. */
export const SHERPA_MODELS: readonly SherpaModel[] = [
  {
    name: 'ko',
    hears: 'Korean and English well, with punctuation (Nemotron 3.5)',
    languages: ['ko-KR', 'en-US'],
    tellsLanguages: true,
    capitalsOnly: false,
    files: {
      encoder: 'encoder.int8.onnx',
      decoder: 'decoder.int8.onnx',
      joiner: 'joiner.int8.onnx',
      tokens: 'tokens.txt',
    },
    mostThreads: 4,
  },
  {
    name: 'en',
    hears: 'clear English fairly well, without punctuation (Zipformer 20M)',
    languages: ['en-US'],
    tellsLanguages: false,
    capitalsOnly: true,
    files: {
      encoder: 'encoder-epoch-99-avg-1.int8.onnx',
      decoder: 'decoder-epoch-99-avg-1.onnx',
      joiner: 'joiner-epoch-99-avg-1.int8.onnx',
      tokens: 'tokens.txt',
    },
    mostThreads: 1,
  },
];

/**
 * The best model in `directory`, where each has a folder of its name. A folder with that name is whole: it is put there
 * in one step. `reason` is a sentence for people.
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
