/** The part of the package that is used here; it brings no types of its own. */
declare module 'sherpa-onnx-node' {
  /** One stream's state. Freed when it is garbage-collected. */
  export class OnlineStream {
    /** Resampled where the rate is not the model's; it must stay the same. */
    acceptWaveform(audio: { samples: Float32Array; sampleRate: number }): void;
    inputFinished(): void;
    setOption(key: string, value: string): void;
  }

  export type OnlineResult = {
    tokens: string[];
    /** Seconds from `start_time`, one a token. */
    timestamps: number[];
    /** Natural logarithms of probabilities, one a token; empty from models that have none. */
    ys_probs: number[];
    start_time: number;
  };

  export type TransducerFiles = { encoder: string; decoder: string; joiner: string };

  export class OnlineRecognizer {
    constructor(config: {
      featConfig: { sampleRate: number; featureDim: number };
      modelConfig: {
        transducer?: TransducerFiles;
        nemoCtc?: { model: string };
        tokens: string;
        numThreads: number;
        provider: 'cpu';
      };
      decodingMethod: 'greedy_search';
      enableEndpoint: 1;
      rule1MinTrailingSilence: number;
      rule2MinTrailingSilence: number;
      rule3MinUtteranceLength: number;
    });
    createStream(): OnlineStream;
    isReady(stream: OnlineStream): boolean;
    /** Each must be ready. Blocks. */
    decodeStreams(streams: OnlineStream[]): void;
    getResult(stream: OnlineStream): OnlineResult;
    isEndpoint(stream: OnlineStream): boolean;
    reset(stream: OnlineStream): void;
  }

  const sherpa: { OnlineRecognizer: typeof OnlineRecognizer };
  export default sherpa;
}
