import { Resampler } from '../../../contract/resampler.ts';
import { serveStreams } from '../local/child.ts';
import { resampled } from '../local/resampled.ts';
import { PocketsphinxDecoder, SAMPLE_RATE } from './decoder.ts';
import { MirroredResampler } from './mirroredResampler.ts';
import { loadDecoder } from './native.ts';

/** This process serves one stream: the native decoder holds the state of one stream only. */
serveStreams(() => {
  const native = loadDecoder(process.argv[2] ?? '');
  return ({ sampleRate: fromRate }) =>
    resampled(new PocketsphinxDecoder(native), {
      fromRate,
      toRate: SAMPLE_RATE,
      Converter: fromRate < SAMPLE_RATE ? MirroredResampler : Resampler,
    });
});
