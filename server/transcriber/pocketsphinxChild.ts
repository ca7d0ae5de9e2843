import { serveStreams } from './engineChild.ts';
import { PocketsphinxDecoder } from './pocketsphinxDecoder.ts';
import { loadDecoder } from './pocketsphinxNative.ts';

/** The process that hears one stream: the decoder has room for no more. */
serveStreams(() => {
  const native = loadDecoder(process.argv[2] ?? '');
  return () => new PocketsphinxDecoder(native);
});
