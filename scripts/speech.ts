import { resolve } from 'node:path';
import { findObstacle } from '../server/transcriber/sherpa/access.ts';
import { preparePocketsphinx } from './models/pocketsphinxPackages.ts';
import { prepareSpeech } from './models/prepareSpeech.ts';
import { MODEL_SOURCES } from './models/sources.ts';

/**
 * Prepares a speech engine: `npm run speech`, `npm run speech -- ko` or `npm run speech -- en`. It exits with 0 even if
 * no engine is ready: a server without one is still a chat server, so the next command of the line should run.
 */
const [model] = process.argv.slice(2);
const names = MODEL_SOURCES.map(({ name }) => name);

if (model !== undefined && !names.includes(model)) {
  process.stderr.write(`There is no model named ${model}. Choose one of: ${names.join(', ')}.\n`);
  process.exit(1);
}
await prepareSpeech(model, {
  directory: resolve(import.meta.dirname, '../data/models'),
  sources: MODEL_SOURCES,
  mirror: process.env.SPEECH_MODELS_URL?.replace(/\/+$/, ''),
  obstacle: findObstacle,
  fallBack: () => preparePocketsphinx((line) => process.stdout.write(`${line}\n`)),
  screen: process.stdout,
});
