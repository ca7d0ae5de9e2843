import { afterAll, afterEach } from 'vitest';

/**
 * Setup of every test file: an error or a warning that nobody expected on the console fails the test it came from. A
 * test that expects one puts a spy in front. (Unhandled rejections fail the run without our doing.)
 */
const noise: string[] = [];

for (const method of ['error', 'warn'] as const) {
  console[method] = (...said: unknown[]) =>
    void noise.push(`console.${method}: ${said.map(String).join(' ')}`);
}

function expectSilence(): void {
  const heard = noise.splice(0);
  if (heard.length > 0) throw new Error(`Nobody expected this noise:\n${heard.join('\n')}`);
}

afterEach(expectSilence);
afterAll(expectSilence);
