import { Resampler } from '../../../contract/resampler.ts';
import type { TranscriptEvent } from '../transcriber.ts';
import type { StreamDecoder } from './child.ts';
import { toFloats, toPcm } from './pcm.ts';

type Rates = {
  fromRate: number;
  toRate: number;
  /** Changes the rate. */
  Converter?: new (
    fromRate: number,
    toRate: number,
  ) => Pick<Resampler, 'push' | 'flush'>;
};

/**
 * Gives audio of any sample rate to a decoder that knows one rate only. Times in the events stay right. It runs in the
 * child process, so that the filter costs the server's event loop nothing.
 */
export function resampled(
  decoder: StreamDecoder,
  { fromRate, toRate, Converter = Resampler }: Rates,
): StreamDecoder {
  if (fromRate === toRate) return decoder;
  const resampler = new Converter(fromRate, toRate);
  // A decoder expects no empty chunk, and the resampler keeps the first 2 ms back.
  const decode = async (samples: Float32Array): Promise<TranscriptEvent[]> =>
    samples.length === 0 ? [] : decoder.decode(toPcm(samples));
  return {
    decode: (chunk) => decode(resampler.push(toFloats(chunk))),
    end: async () => [...(await decode(resampler.flush())), ...(await decoder.end())],
    close: () => decoder.close?.(),
  };
}
