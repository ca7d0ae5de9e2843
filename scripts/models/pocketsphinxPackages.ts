import { findPocketsphinx } from '../../server/transcriber/pocketsphinx/engine.ts';
import { installCommand, installPackages, mayInstallPackages } from '../debian.ts';

const PACKAGES = ['libpocketsphinx3', 'pocketsphinx-en-us'];
const READY =
  'PocketSphinx is ready. It understands English on this machine, with about a third of the words wrong.';

/** Installs PocketSphinx where that needs no password. @returns the outcome, for people. */
export async function preparePocketsphinx(say: (line: string) => void): Promise<string> {
  const found = findPocketsphinx();
  if (found.ok) return READY;
  const byHand = `To add speech on this machine: ${installCommand(PACKAGES)}\nEverything but speech works without it.`;
  if (!(await mayInstallPackages())) return `${found.reason}\n${byHand}`;
  say(`Installing ${PACKAGES.join(' and ')}. This may take a minute.`);
  try {
    await installPackages(PACKAGES);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${byHand}`;
  }
  const now = findPocketsphinx();
  return now.ok ? READY : `${now.reason}\n${byHand}`;
}
