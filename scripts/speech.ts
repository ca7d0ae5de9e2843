import { findPocketsphinx } from '../server/transcriber/pocketsphinx.ts';
import { installCommand, installPackages, mayInstallPackages } from './debian.ts';

/**
 * Makes a speech engine ready that works offline, and says which. It always ends well: a server without one is still
 * a chat server, so what follows it on the command line should run.
 */
const PACKAGES = ['libpocketsphinx3', 'pocketsphinx-en-us'];
const READY =
  'PocketSphinx is ready: it hears English on this machine; about a third of the words come out wrong.';

async function prepareSpeech(): Promise<string> {
  const found = findPocketsphinx();
  if (found.ok) return READY;
  const byHand = `For speech on this machine run: ${installCommand(PACKAGES)}\nWithout it everything but speech works.`;
  if (!(await mayInstallPackages())) return `${found.reason}\n${byHand}`;
  process.stdout.write(`Installing ${PACKAGES.join(' and ')} …\n`);
  try {
    await installPackages(PACKAGES);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${byHand}`;
  }
  const now = findPocketsphinx();
  return now.ok ? READY : `${now.reason}\n${byHand}`;
}

process.stdout.write(`${await prepareSpeech()}\n`);
