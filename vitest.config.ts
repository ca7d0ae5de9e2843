import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['./server/testing/failOnNoise.ts'],
    // Generous, because the machine may be busy: a test that hangs fails by this, none is meant to be timed.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
