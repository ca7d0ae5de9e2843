import { serveStreams } from '../local/child.ts';
import { resampled } from '../local/resampled.ts';
import { PocketsphinxDecoder, SAMPLE_RATE } from './decoder.ts';
import { loadDecoder } from './native.ts';

/** This process serves one stream: the native decoder holds the state of one stream only. */
serveStreams(() => {
  const native = loadDecoder(process.argv[2] ?? '');
  return ({ sampleRate }) =>
    resampled(new PocketsphinxDecoder(native), { fromRate: sampleRate, toRate: SAMPLE_RATE });
});
