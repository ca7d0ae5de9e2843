import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AppError } from '../contract/errors.ts';
import { createLog } from './log.ts';

const logged = (error: unknown): string => {
  const lines: string[] = [];
  createLog('debug', { write: (line) => void lines.push(line) }).error({ err: error }, 'it failed');
  return lines.join('');
};

describe('the log', () => {
  test('holds the reason and message of our own errors, and the line where they were made', () => {
    const line = logged(new AppError('CONFLICT', 'stream_exists', 'You speak already.'));
    expect(line).toContain('"reason":"stream_exists","message":"You speak already."');
    expect(line).toMatch(/"at":\["at .*log\.test\.ts:\d+:\d+/);
  });

  test.each(['meet me\n at noon, the PIN is 1234', '1234', '\n    at 1234:5:6\n', ''])(
    'never holds the message of a foreign error: %j',
    (message) => {
      const cause = new Error(message);
      expect(logged(new Error(message, { cause }))).not.toContain('1234');
      expect(logged(new SyntaxError(message))).not.toContain('1234');
    },
  );

  test('does not end the process when it cannot be written', async () => {
    const script = `
      const { createLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
      const log = createLog('info');
      // Node emits this when nothing is left to do, and never after an error that nobody caught.
      process.once('beforeExit', () => process.stdout.write('alive'));
      for (let i = 0; i < 3; i += 1) log.warn({}, 'nobody reads this');`;
    const shell = `"${process.execPath}" --input-type=module -e "$SCRIPT" 2>/dev/full`;
    const { stdout } = await promisify(execFile)('sh', ['-c', shell], {
      env: { ...process.env, SCRIPT: script },
    });
    expect(stdout).toBe('alive');
  });
});
