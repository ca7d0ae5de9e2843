import { BroadcastChannel, isMainThread } from 'node:worker_threads';

/**
 * Loaded into each thread of the server under attack: SIGUSR2 collects the garbage of all of them, and prints the resident
 * memory of the process in bytes, which is then what it keeps. The thread of SQLite has a heap of its own.
 */

/** The allocator gives memory back a little later. */
const SETTLE_MS = 200;

const threads = new BroadcastChannel('collect garbage');
threads.unref();
threads.onmessage = collect;

if (isMainThread) {
  process.on('SIGUSR2', () => {
    threads.postMessage(null);
    collect();
    // The main thread stands still meanwhile: an attack that goes on makes new garbage at once.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    process.stdout.write(`collected ${process.memoryUsage.rss()}\n`);
  });
}

/** Anything less leaves V8 with empty pages that count as resident. */
function collect(): void {
  (globalThis.gc as unknown as (options: object) => void)({
    type: 'major',
    execution: 'sync',
    flavor: 'last-resort',
  });
}
