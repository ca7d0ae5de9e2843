import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findSherpaModel, type SherpaModel } from './models.ts';

const LOAD_TIMEOUT_MS = 10_000;

/**
 * Looks for a model in `directory` and checks that the library runs on this machine. The server must know this before
 * somebody speaks: the package has no binary for some machines, and needs a C library that others lack.
 * @returns the model and its own folder, or a `reason` in a sentence for people.
 */
export async function findSherpa(
  directory: string,
): Promise<{ ok: true; model: SherpaModel; directory: string } | { ok: false; reason: string }> {
  const found = findSherpaModel(directory);
  if (!found.ok) return found;
  const reason = await findObstacle();
  if (reason) return { ok: false, reason };
  return { ...found, directory: join(directory, found.model.name) };
}

/** Loads sherpa-onnx in a child process. Says in a sentence for people why it does not run here; null if it does. */
export async function findObstacle(): Promise<string | null> {
  const options = { cwd: import.meta.dirname, env: {}, timeout: LOAD_TIMEOUT_MS };
  return promisify(execFile)(process.execPath, ['-e', "require('sherpa-onnx-node')"], options).then(
    () => null,
    () => `sherpa-onnx does not run on this machine (${process.platform} ${process.arch}).`,
  );
}
