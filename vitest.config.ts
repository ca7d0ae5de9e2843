import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['./client/e2e/build.ts'],
    setupFiles: ['./testing/setup.ts'],
    // `expect.poll` gives up after a second by default, which a busy machine exceeds. `vi.waitFor`: see the setup.
    expect: { poll: { timeout: 10_000 } },
    // Tests wait for processes and timers for a good part of their time, so that each core can run one file.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
