import { serveStreams } from '../local/child.ts';
import { PocketsphinxDecoder } from './decoder.ts';
import { loadDecoder } from './native.ts';

/** The process that hears one stream: the decoder has room for no more. */
serveStreams(() => {
  const native = loadDecoder(process.argv[2] ?? '');
  return () => new PocketsphinxDecoder(native);
});
