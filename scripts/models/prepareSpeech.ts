import { availableParallelism, totalmem } from 'node:os';
import { findSherpaModel, SHERPA_MODELS, type SherpaModel } from '../../server/transcriber/sherpa/models.ts';
import type { FetchOptions } from './fetchFile.ts';
import { placeModel } from './placeModel.ts';
import { Progress } from './progress.ts';
import type { ModelSource } from './sources.ts';

export type Preparation = {
  /** The folder of the models. */
  directory: string;
  /** Best first. */
  sources: readonly ModelSource[];
  mirror?: string | undefined;
  /** Why sherpa-onnx does not run on this machine; null if it does. */
  obstacle: () => Promise<string | null>;
  /** Prepares the engine that needs no downloaded model. @returns the outcome, for people. */
  fallBack: () => Promise<string>;
  screen: { isTTY?: boolean; write: (text: string) => unknown };
  fetching?: Omit<FetchOptions, 'onProgress'>;
};

/**
 * Prepares a speech engine that works offline, and says which one.
 *
 * If no model is named, it takes the model that is installed already. If there is none, it downloads the best model that
 * this machine is strong enough for. If that fails, it prepares PocketSphinx.
 * @param wanted the name of a model.
 */
export async function prepareSpeech(wanted: string | undefined, preparation: Preparation): Promise<void> {
  const { sources, directory, obstacle, fallBack, screen } = preparation;
  const say = (line: string) => screen.write(`${line}\n`);
  const reason = await obstacle();
  if (reason) {
    say(reason);
    say(await fallBack());
    return;
  }
  const found = findSherpaModel(directory);
  const installed = found.ok ? found.model : undefined;
  const chosen = wanted ?? installed?.name;
  for (const source of sources) {
    if (chosen ? source.name !== chosen : !isStrongEnough(source)) continue;
    if (await place(source, preparation)) return;
  }
  // The wanted model could not be downloaded, but another one is installed.
  if (installed && installed.name !== chosen) say(readySentence(installed));
  else say(await fallBack());
  for (const { name, title } of sources) say(`To try ${title} again later: npm run speech -- ${name}`);
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
  screen.write(`${announcement(title, fetchedBytes)}\n`);
  try {
    await placeModel(source, directory, {
      ...fetching,
      mirror,
      names: Object.values(model.files),
      onProgress: (file, bytes, total) => progress.show(file, bytes, total),
    });
  } catch (error) {
    progress.end();
    screen.write(`The download failed. ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
  progress.end();
  screen.write(`${readySentence(model)}\n`);
  return true;
}

function announcement(title: string, bytes: number): string {
  const megabytes = Math.round(bytes / 1_000_000);
  const minutes = Math.max(1, Math.round((8 * bytes) / 50_000_000 / 60));
  return (
    `Preparing the speech model for ${title}: ${megabytes} MB, downloaded once. ` +
    `That takes about ${minutes} min at 50 Mbit/s. You can stop it: the next run continues.`
  );
}

function readySentence({ understands }: SherpaModel): string {
  return `sherpa-onnx is ready. It understands ${understands} on this machine.`;
}

function isStrongEnough({ memoryBytes, processors }: ModelSource): boolean {
  // A container may have less memory than the machine; 0 means that it has no limit.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return memory >= memoryBytes && availableParallelism() >= processors;
}
