import koffi, { type LibraryHandle } from 'koffi';
import { BASE_LIBRARY, DECODER_LIBRARY, modelFiles } from './files.ts';

/**
 * One word of the decoder's best path. Frames are 10 ms long and count from the start of the stream, not of the
 * utterance. `posterior` is the word's probability. (PocketSphinx calls this a segment.)
 */
export type DecodedWord = { word: string; firstFrame: number; lastFrame: number; posterior: number };

/** The functions of PocketSphinx 0.8 to 5prealpha (`pocketsphinx.h`) that one stream needs. */
export type NativeDecoder = {
  startStream: () => void;
  startUtterance: () => void;
  endUtterance: () => void;
  process: (samples: Int16Array) => void;
  inSpeech: () => boolean;
  words: () => DecodedWord[];
};

type Handle = object | null;

/** These limits halve the work (from 0.45 to 0.22 of a core on eleven recordings); as many words are right (64 %). */
const NARROW_SEARCH = ['-maxhmmpf', '3000', '-maxwpf', '5'];

/**
 * Loads the libraries and the model. It takes about half a second and blocks.
 * @throws Error if one cannot be loaded.
 */
export function loadDecoder(modelDirectory: string): NativeDecoder {
  const base = koffi.load(BASE_LIBRARY);
  const library = koffi.load(DECODER_LIBRARY);
  const decoder = initialise(base, library, modelDirectory);
  const call = (name: string): (() => void) => {
    const native: (decoder: Handle) => number = library.func(`int ${name}(void *decoder)`);
    return () => checkResult(name, native(decoder));
  };
  const process: (decoder: Handle, samples: Int16Array, count: number, noSearch: 0, full: 0) => number =
    library.func('int ps_process_raw(void *, const int16_t *, size_t, int, int)');
  const inSpeech: (decoder: Handle) => number = library.func('uint8_t ps_get_in_speech(void *)');
  return {
    startStream: call('ps_start_stream'),
    startUtterance: call('ps_start_utt'),
    endUtterance: call('ps_end_utt'),
    process: (samples) => checkResult('ps_process_raw', process(decoder, samples, samples.length, 0, 0)),
    inSpeech: () => inSpeech(decoder) !== 0,
    words: wordReader(base, library, decoder),
  };
}

function initialise(base: LibraryHandle, library: LibraryHandle, modelDirectory: string): Handle {
  const setLogFile: (file: null) => void = base.func('void err_set_logfp(void *)');
  setLogFile(null);
  const definitions: () => Handle = library.func('void *ps_args()');
  const parse: (into: null, definitions: Handle, count: number, args: string[], strict: 1) => Handle =
    base.func('void *cmd_ln_parse_r(void *, void *, int, const char **, int)');
  const init: (config: Handle) => Handle = library.func('void *ps_init(void *)');

  const args = ['roomscribe', ...Object.entries(modelFiles(modelDirectory)).flat(), ...NARROW_SEARCH];
  const config = parse(null, definitions(), args.length, args, 1);
  const decoder = config && init(config);
  if (!decoder) throw new Error(`The model in ${modelDirectory} cannot be loaded.`);
  return decoder;
}

function wordReader(base: LibraryHandle, library: LibraryHandle, decoder: Handle) {
  const first: (decoder: Handle) => Handle = library.func('void *ps_seg_iter(void *)');
  const next: (segment: Handle) => Handle = library.func('void *ps_seg_next(void *)');
  const word: (segment: Handle) => string = library.func('const char *ps_seg_word(void *)');
  const frames: (segment: Handle, first: [number], last: [number]) => void = library.func(
    'void ps_seg_frames(void *, _Out_ int *, _Out_ int *)',
  );
  const posterior: (segment: Handle, acoustic: null, language: null, backoff: null) => number = library.func(
    'int ps_seg_prob(void *, void *, void *, void *)',
  );
  const logmathOf: (decoder: Handle) => Handle = library.func('void *ps_get_logmath(void *)');
  const exp: (logmath: Handle, value: number) => number = base.func('double logmath_exp(void *, int)');
  const logmath = logmathOf(decoder);

  return (): DecodedWord[] => {
    const words: DecodedWord[] = [];
    // The loop must run to the end: the last `next` frees the iterator.
    for (let at = first(decoder); at; at = next(at)) {
      const [from, to]: [[number], [number]] = [[0], [0]];
      frames(at, from, to);
      const probability = exp(logmath, posterior(at, null, null, null));
      words.push({ word: word(at), firstFrame: from[0], lastFrame: to[0], posterior: probability });
    }
    return words;
  };
}

function checkResult(name: string, result: number): void {
  if (result < 0) throw new Error(`${name} failed.`);
}
