import { afterAll, afterEach, vi } from 'vitest';

// Setup of every test file.

/** How long `vi.waitFor` waits unless a test says otherwise. Vitest's own second is too short for a busy machine. */
const PATIENCE_MS = 10_000;

const { waitFor } = vi;
vi.waitFor = (check, options = PATIENCE_MS) => waitFor(check, options);

/**
 * An unexpected error or warning on the console fails the test that caused it. A test that expects one replaces the
 * console method with a spy. (Vitest itself fails the run for an unhandled rejection.)
 */
const noise: string[] = [];

for (const method of ['error', 'warn'] as const) {
  console[method] = (...args: unknown[]) =>
    void noise.push(`console.${method}: ${args.map(String).join(' ')}`);
}

function expectNoNoise(): void {
  const lines = noise.splice(0);
  if (lines.length > 0) throw new Error(`The test did not expect this on the console:\n${lines.join('\n')}`);
}

afterEach(expectNoNoise);
afterAll(expectNoNoise);
