import { availableParallelism, totalmem } from 'node:os';
import { findSherpaModel, SHERPA_MODELS, type SherpaModel } from '../../server/transcriber/sherpa/models.ts';
import type { FetchOptions } from './fetchFile.ts';
import { placeModel } from './placeModel.ts';
import { Progress } from './progress.ts';
import type { ModelSource } from './sources.ts';

export type Preparation = {
  /** Where models are kept. */
  directory: string;
  /** Best first. */
  sources: readonly ModelSource[];
  mirror?: string | undefined;
  /** Why sherpa-onnx does not run on this machine; null if it does. */
  obstacle: () => Promise<string | null>;
  /** Makes the engine ready that needs no model of ours; says what came of it. */
  fallBack: () => Promise<string>;
  screen: { isTTY?: boolean; write: (text: string) => unknown };
  fetching?: Omit<FetchOptions, 'onProgress'>;
};

/**
 * Makes a speech engine ready that works offline, and says which. Without a wish it is the model that is there already;
 * otherwise the best that this machine is strong enough for, has room for and can fetch; otherwise PocketSphinx.
 * @param wish the name of a model.
 */
export async function prepareSpeech(wish: string | undefined, preparation: Preparation): Promise<void> {
  const { sources, directory, obstacle, fallBack, screen } = preparation;
  const say = (line: string) => screen.write(`${line}\n`);
  const reason = await obstacle();
  if (reason) {
    say(reason);
    say(await fallBack());
    return;
  }
  const found = findSherpaModel(directory);
  const there = found.ok ? found.model : undefined;
  const chosen = wish ?? there?.name;
  for (const source of sources) {
    if (chosen ? source.name !== chosen : !isStrongEnough(source)) continue;
    if (await place(source, preparation)) return;
  }
  // Another one than the one that could not be had.
  if (there && there.name !== chosen) say(readySentence(there));
  else say(await fallBack());
  for (const { name, title } of sources) say(`For ${title} try again later: npm run speech -- ${name}`);
}

/** @returns whether the model is ready. */
async function place(
  source: ModelSource,
  { directory, mirror, screen, fetching }: Preparation,
): Promise<boolean> {
  const model = SHERPA_MODELS.find(({ name }) => name === source.name);
  if (!model) return false;
  const { title, fetchedBytes } = source;
  const progress = new Progress(screen);
  screen.write(`The speech model for ${title} (${Math.round(fetchedBytes / 1_000_000)} MB) …\n`);
  try {
    await placeModel(source, directory, {
      ...fetching,
      mirror,
      names: Object.values(model.files),
      onProgress: (file, bytes, total) => progress.show(file, bytes, total),
    });
  } catch (error) {
    progress.end();
    screen.write(`It could not be fetched. ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
  progress.end();
  screen.write(`${readySentence(model)}\n`);
  return true;
}

function readySentence({ hears }: SherpaModel): string {
  return `sherpa-onnx is ready: it hears ${hears} on this machine.`;
}

function isStrongEnough({ memoryBytes, processors }: ModelSource): boolean {
  // In a container there may be less than the machine has; 0 means no such limit.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return memory >= memoryBytes && availableParallelism() >= processors;
}
