import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * The path of a Chromium to test with: `CHROMIUM_PATH`, or a path where distributions install it. Undefined if there is
 * none.
 */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH: wished } = process.env;
  return [...(wished ? [wished] : []), ...PLACES].find((path) => existsSync(path));
}
