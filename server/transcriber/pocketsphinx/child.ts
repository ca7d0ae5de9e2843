import { serveStreams } from '../local/child.ts';
import { PocketsphinxDecoder } from './decoder.ts';
import { loadDecoder } from './native.ts';

/** This process serves one stream: the native decoder holds the state of one stream only. */
serveStreams(() => {
  const native = loadDecoder(process.argv[2] ?? '');
  return () => new PocketsphinxDecoder(native);
});
