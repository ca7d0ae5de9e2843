import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import sherpa from 'sherpa-onnx-node';
import { serveStreams } from '../local/child.ts';
import { SherpaBatches } from './batches.ts';
import { SherpaDecoder } from './decoder.ts';
import type { ModelFiles, SherpaModel } from './models.ts';

/** Its only argument, as JSON: the files with their folder. */
export type SherpaChildSettings = { model: SherpaModel; files: ModelFiles; threads: number };

/** Silence that ends an utterance, before anything was heard and after it; the first only lets go of old audio. */
const EMPTY_SILENCE_SECONDS = 2.4;
const SILENCE_SECONDS = 0.8;
/** Speech without a pause is cut here: it would otherwise never make a final. */
const LONGEST_UTTERANCE_SECONDS = 30;

/** The process that hears all streams of one model, which is loaded once. */
serveStreams(() => {
  const { model, files, threads } = JSON.parse(process.argv[2] ?? '') as SherpaChildSettings;
  const recognizer = load(files, threads);
  const turns = new SherpaBatches(recognizer);
  return (options) => new SherpaDecoder({ recognizer, turns, model }, options);
});

function load(files: ModelFiles, threads: number) {
  const missing = Object.values(files).filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new Error(`a file of its model is missing (${missing.map((file) => basename(file)).join(', ')})`);
  const { tokens, ...parts } = files;
  return new sherpa.OnlineRecognizer({
    featConfig: { sampleRate: 16_000, featureDim: 80 },
    modelConfig: {
      ...('nemoCtc' in parts ? { nemoCtc: { model: parts.nemoCtc } } : { transducer: parts }),
      tokens,
      numThreads: threads,
      provider: 'cpu',
    },
    decodingMethod: 'greedy_search',
    enableEndpoint: 1,
    rule1MinTrailingSilence: EMPTY_SILENCE_SECONDS,
    rule2MinTrailingSilence: SILENCE_SECONDS,
    rule3MinUtteranceLength: LONGEST_UTTERANCE_SECONDS,
  });
}
