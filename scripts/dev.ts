import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createServer } from 'vite';
import { readConfig } from '../server/config.ts';

const ROOT = resolve(import.meta.dirname, '..');

/**
 * Development: the server, restarted when its source changes, and Vite with hot reload in front of it. Vite forwards
 * calls to the server. Open the address that Vite prints.
 */
const server = spawn(process.execPath, ['--watch', '--watch-preserve-output', join(ROOT, 'server/main.ts')], {
  stdio: 'inherit',
});
const target = `http://localhost:${readConfig(process.env).port}`;
const vite = await createServer({
  configFile: join(ROOT, 'vite.config.ts'),
  server: { proxy: { '/trpc': { target, ws: true }, '/api': target, '/healthz': target } },
});
await vite.listen();
vite.printUrls();

const stop = () => {
  server.kill('SIGTERM');
  void vite.close();
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
server.once('exit', () => void vite.close().then(() => process.exit()));
