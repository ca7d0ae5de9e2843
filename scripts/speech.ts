import { resolve } from 'node:path';
import { findObstacle } from '../server/transcriber/sherpa/access.ts';
import { preparePocketsphinx } from './models/pocketsphinxPackages.ts';
import { prepareSpeech } from './models/prepareSpeech.ts';
import { MODEL_SOURCES } from './models/sources.ts';

/**
 * Makes a speech engine ready: `npm run speech`, or `npm run speech -- ko`, or `-- en`. It always ends well, because a
 * server without one is still a chat server, so what follows it on the command line should run.
 */
const [wish] = process.argv.slice(2);
const names = MODEL_SOURCES.map(({ name }) => name);

if (wish !== undefined && !names.includes(wish)) {
  process.stderr.write(`There is no model named ${wish}; there are: ${names.join(', ')}.\n`);
  process.exit(1);
}
await prepareSpeech(wish, {
  directory: resolve(import.meta.dirname, '../data/models'),
  sources: MODEL_SOURCES,
  mirror: process.env.SPEECH_MODELS_URL?.replace(/\/+$/, ''),
  obstacle: findObstacle,
  fallBack: () => preparePocketsphinx((line) => process.stdout.write(`${line}\n`)),
  screen: process.stdout,
});
