import { placeModel } from '../placeModel.ts';
import type { ModelSource } from '../sources.ts';

/** A process that places a model, for tests that kill it halfway. Its only argument is this type as JSON. */
export type PlaceOnce = { source: ModelSource; directory: string; names: string[] };

const { source, directory, names } = JSON.parse(process.argv[2] ?? '') as PlaceOnce;
await placeModel(source, directory, { names });
