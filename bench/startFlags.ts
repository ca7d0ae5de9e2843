import { readFileSync } from 'node:fs';

/** What `npm start` gives to Node: whatever is measured runs as it does for people. */
export const START_FLAGS: string[] = flagsOf(
  (
    JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      scripts: { start: string };
    }
  ).scripts.start,
);

function flagsOf(command: string): string[] {
  return command.split(' ').filter((word) => word.startsWith('--') && word !== '--import');
}
