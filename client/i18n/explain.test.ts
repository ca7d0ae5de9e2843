import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { en } from './en.ts';
import { ko } from './ko.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** `new AppError('CODE', 'reason', …)`, and a reason in a table or an object. */
const REASON = /new AppError\(\s*'[A-Z_]+',\s*'([a-z_]+)'|\breason: '([a-z_]+)'/g;

/** Reasons that the page explains in another way, or that only other programs can meet. */
const ELSEWHERE = [
  // A state of a stream, or why a gap was not heard: they have texts of their own.
  ...['engine', 'failover', 'network', 'queue', 'queued', 'silence'],
  // The expected end of a stream is shown as nothing.
  ...['left_room', 'server_lost', 'stopped', 'taken_over'],
  // A fault of a program that sends audio by itself.
  ...['chunk_empty', 'chunk_malformed', 'chunk_odd', 'chunk_out_of_window', 'chunk_too_long', 'not_pcm'],
  // The client is gone and reads no answer.
  'caller_gone',
  // A process that writes for a stream that another one continues. It ends its stream.
  'stream_sealed',
  // It ends the start of a server, whose operator reads it.
  'store_refused',
  // Answers of REST and of the health check, and of batches that our own client keeps small.
  ...[
    'batch_too_large',
    'foreign_host',
    'foreign_origin',
    'malformed',
    'method_not_allowed',
    'no_metrics_token',
    'no_route',
  ],
];

function reasonsOfTheServer(): string[] {
  const files = globSync('{contract,db,server}/**/*.ts', { cwd: ROOT });
  const sources = files.filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  const found = sources.flatMap((file) => [...readFileSync(resolve(ROOT, file), 'utf8').matchAll(REASON)]);
  return [...new Set(found.map(([, first, second]) => first ?? second ?? ''))].toSorted();
}

describe('every refusal is in the language of the reader', () => {
  const explained = new Set([...Object.keys(en.failure), ...ELSEWHERE]);

  test('each reason that the server gives has a text', () => {
    const reasons = reasonsOfTheServer();
    expect(reasons.length).toBeGreaterThan(40);
    expect(reasons.filter((reason) => !explained.has(reason))).toEqual([]);
  });

  test('each Korean text is Korean', () => {
    expect(Object.keys(ko.failure)).toEqual(Object.keys(en.failure));
    for (const text of Object.values(ko.failure)) expect(text).toMatch(/[가-힣].*(니다|세요)\./);
  });
});
