/** The paths where Debian's packages `libpocketsphinx3` and `pocketsphinx-en-us` install their files. */

export const BASE_LIBRARY = 'libsphinxbase.so.3';
export const DECODER_LIBRARY = 'libpocketsphinx.so.3';
export const MODEL_DIRECTORY = '/usr/share/pocketsphinx/model/en-us';

const MULTIARCH: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
};

export const LIBRARY_DIRECTORIES: readonly string[] = [
  `/usr/lib/${MULTIARCH[process.arch] ?? process.arch}`,
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
];

/** The path of each part of the English model, by the decoder option that takes it. */
export function modelFiles(directory: string): Record<'-hmm' | '-lm' | '-dict', string> {
  return {
    '-hmm': `${directory}/en-us`,
    '-lm': `${directory}/en-us.lm.bin`,
    '-dict': `${directory}/cmudict-en-us.dict`,
  };
}
