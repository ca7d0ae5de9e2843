import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import sherpa from 'sherpa-onnx-node';
import { serveStreams } from '../local/child.ts';
import { resampled } from '../local/resampled.ts';
import { SherpaBatches } from './batches.ts';
import { SAMPLE_RATE, SherpaDecoder } from './decoder.ts';
import type { ModelFiles, SherpaModel } from './models.ts';

/** The only argument of this process, as JSON. `files` are full paths. */
export type SherpaChildSettings = { model: SherpaModel; files: ModelFiles; threads: number };

/** After so much silence without any word, the library drops the old audio. */
const EMPTY_SILENCE_SECONDS = 2.4;
/** This much silence after a word ends an utterance. */
const SILENCE_SECONDS = 0.8;
/** Speech without a pause is cut after this time. Without the cut it would never make a final. */
const LONGEST_UTTERANCE_SECONDS = 30;

/** This process loads one model once and serves all streams with it. */
serveStreams(() => {
  const { model, files, threads } = JSON.parse(process.argv[2] ?? '') as SherpaChildSettings;
  const recognizer = load(files, threads);
  const batches = new SherpaBatches(recognizer);
  return ({ language, sampleRate }) =>
    resampled(new SherpaDecoder({ recognizer, batches, model }, language), {
      fromRate: sampleRate,
      toRate: SAMPLE_RATE,
    });
});

function load(files: ModelFiles, threads: number) {
  const missing = Object.values(files).filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new Error(`a file of its model is missing (${missing.map((file) => basename(file)).join(', ')})`);
  const { tokens, ...parts } = files;
  return new sherpa.OnlineRecognizer({
    featConfig: { sampleRate: SAMPLE_RATE, featureDim: 80 },
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
