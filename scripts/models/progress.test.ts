import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

function watch(isTTY: boolean): { progress: Progress; seen: () => string } {
  let seen = '';
  const write = (text: string) => (seen += text);
  return { progress: new Progress({ isTTY, write }), seen: () => seen };
}

test('a bar moves in one line of a terminal, and ends full', () => {
  const { progress, seen } = watch(true);
  for (let bytes = 1_000_000; bytes <= 20_000_000; bytes += 1_000_000)
    progress.show('model', bytes, 20_000_000);
  progress.end();
  const drawn = seen().split('\r\u001b[K');
  expect(drawn[1]).toBe('  [##............................] model  5 %  1.0 of 20 MB');
  expect(drawn.at(-1)).toBe('  [##############################] model  100 %  20 of 20 MB\n');
});

test('a log gets a line every ten percent of each file', () => {
  const { progress, seen } = watch(false);
  for (const file of ['a', 'b']) {
    for (let bytes = 0; bytes <= 1_000; bytes += 1) progress.show(file, bytes, 1_000);
  }
  progress.end();
  const lines = seen().trimEnd().split('\n');
  expect(lines).toHaveLength(20);
  expect(lines[0]).toMatch(/^ {2}a {2}10 % /);
  expect(lines[19]).toMatch(/^ {2}b {2}100 % /);
});

test('an unknown size is not guessed', () => {
  const { progress, seen } = watch(true);
  progress.show('model', 5_000_000, null);
  expect(seen()).toMatch(/\] model {2}5\.0 MB$/);
});
