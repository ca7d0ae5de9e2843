import { findPocketsphinx } from '../../server/transcriber/pocketsphinx/engine.ts';
import { installCommand, installPackages, mayInstallPackages } from '../debian.ts';

const PACKAGES = ['libpocketsphinx3', 'pocketsphinx-en-us'];
const READY =
  'PocketSphinx is ready: it hears English on this machine; about a third of the words come out wrong.';

/** Installs PocketSphinx where that can be done without asking anybody. @returns what has come of it, for people. */
export async function preparePocketsphinx(say: (line: string) => void): Promise<string> {
  const found = findPocketsphinx();
  if (found.ok) return READY;
  const byHand = `For speech on this machine run: ${installCommand(PACKAGES)}\nWithout it everything but speech works.`;
  if (!(await mayInstallPackages())) return `${found.reason}\n${byHand}`;
  say(`Installing ${PACKAGES.join(' and ')} …`);
  try {
    await installPackages(PACKAGES);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${byHand}`;
  }
  const now = findPocketsphinx();
  return now.ok ? READY : `${now.reason}\n${byHand}`;
}
