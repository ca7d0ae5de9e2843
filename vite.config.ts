import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

export default defineConfig({
  root: resolve(import.meta.dirname, 'client'),
  plugins: [solid()],
  // The audio worklet: a module, in development and built.
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // A file of its own for everything: the page's policy allows no inline scripts and no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A slow machine is no fault of the build, and its first lines are read by people who start the server.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
