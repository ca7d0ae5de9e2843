import { placeModel } from '../placeModel.ts';
import type { ModelSource } from '../sources.ts';

/** A process that places a model, for tests that end it in the middle. Its argument, as JSON: */
export type PlaceOnce = { source: ModelSource; directory: string; names: string[] };

const { source, directory, names } = JSON.parse(process.argv[2] ?? '') as PlaceOnce;
await placeModel(source, directory, { names });
