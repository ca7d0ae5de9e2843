/** Types of the part of the package that we use. The package has none. */
declare module 'sherpa-onnx-node' {
  /** The state of one stream. Only the garbage collector frees it. */
  export class OnlineStream {
    /** Resamples the audio if needed. The rate must be the same in every call. */
    acceptWaveform(audio: { samples: Float32Array; sampleRate: number }): void;
    inputFinished(): void;
    setOption(key: string, value: string): void;
  }

  export type OnlineResult = {
    tokens: string[];
    /** Seconds from `start_time`, one a token. */
    timestamps: number[];
    /** Natural logarithms of probabilities, one a token; empty if the model gives none. */
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
    /** Decodes one step of each stream. Every stream must be ready. Blocks. */
    decodeStreams(streams: OnlineStream[]): void;
    getResult(stream: OnlineStream): OnlineResult;
    isEndpoint(stream: OnlineStream): boolean;
    reset(stream: OnlineStream): void;
  }

  const sherpa: { OnlineRecognizer: typeof OnlineRecognizer };
  export default sherpa;
}
