import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const ASSETS = resolve(import.meta.dirname, '../client/dist/assets');

/** Measures all JavaScript of the built client, gzipped, in kB (1,000 bytes). */
export function clientJavaScriptKb(): number {
  const files = readdirSync(ASSETS).filter((file) => file.endsWith('.js'));
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(ASSETS, file))).length, 0) / 1_000;
}
