import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['./client/e2e/build.ts'],
    setupFiles: ['./testing/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
