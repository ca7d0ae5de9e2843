import type { RemoteFile } from './fetchFile.ts';

/** A speech model that can be downloaded. */
export type ModelSource = {
  /** The model's name in `SHERPA_MODELS`. */
  name: string;
  /** For people, e.g. “Korean and English”. */
  title: string;
  /** The size of the download, and the most that lies on the disk meanwhile; both roughly. */
  fetchedBytes: number;
  diskBytes: number;
  /** `path` is the file's path on a mirror. */
  files: (RemoteFile & { name: string; path: string })[];
  /** The least a machine needs to recognise speech as fast as people speak. */
  memoryBytes: number;
  processors: number;
  /** Set if the only file is an archive (tar with bzip2): the folder inside it. */
  archiveFolder?: string;
};

const MEGABYTE = 1_000_000;

const KOREAN = 'sherpa-onnx-nemotron-3.5-asr-streaming-0.6b-560ms-int8-2026-06-11';
const KOREAN_COMMIT = 'ab43d895f5985b1bbab8b6eac8607fcdc05343f3';
const korean = (name: string, sha256: string) => ({
  name,
  path: `${KOREAN}/${name}`,
  url: `https://huggingface.co/csukuangfj2/${KOREAN}/resolve/${KOREAN_COMMIT}/${name}`,
  sha256,
});

const ENGLISH = 'sherpa-onnx-streaming-zipformer-en-20M-2023-02-17';
const ENGLISH_ARCHIVE = `${ENGLISH}.tar.bz2`;

export const MODEL_SOURCES: readonly ModelSource[] = [
  {
    name: 'ko',
    title: 'Korean and English',
    fetchedBytes: 682 * MEGABYTE,
    diskBytes: 682 * MEGABYTE,
    // A machine of 4 GB reports a little less.
    memoryBytes: 3_600 * MEGABYTE,
    processors: 4,
    files: [
      // Small files first, so that an error shows early.
      korean('tokens.txt', '729cc103155bafa785f9cd45746cd41cabe97eab7182fc04d594129587958f8a'),
      korean('joiner.int8.onnx', '4101c7c679a0bc30483794b27a059e34e79232aa2068d78d51231a22c8b0d7ce'),
      korean('decoder.int8.onnx', '19f9c98fc6d0a2c33a65a43b36fdb2e914c26c0aa9764be3aebc502a1e982fb0'),
      korean('encoder.int8.onnx', '012e9321373af99021415e0b0eb3ec827b4be3153be6f30d9b448fe65e896e68'),
    ],
  },
  {
    name: 'en',
    title: 'English',
    fetchedBytes: 121 * MEGABYTE,
    diskBytes: 180 * MEGABYTE,
    memoryBytes: 900 * MEGABYTE,
    processors: 1,
    files: [
      {
        name: ENGLISH_ARCHIVE,
        path: ENGLISH_ARCHIVE,
        url: `https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models/${ENGLISH_ARCHIVE}`,
        sha256: '9c559283e8498d3fe95913c79ca1cb454bb26281ac2b102b41306c7d752765d9',
      },
    ],
    archiveFolder: ENGLISH,
  },
];
