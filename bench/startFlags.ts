import { readFileSync } from 'node:fs';

/** The flags that `npm start` passes to Node. Benchmarks run the server with the same flags. */
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
