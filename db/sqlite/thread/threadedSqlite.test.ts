import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { AppError } from '../../../contract/errors.ts';
import type { Store } from '../../store.ts';
import { addPerson, addRoom, append, kept, typed, upTo } from '../../testing/material.ts';
import { deserializeError, serializeError } from './protocol.ts';
import { openThreadedSqlite } from './threadedSqlite.ts';

const directory = mkdtempSync(join(tmpdir(), 'roomscribe-thread-'));
let store: Store;
beforeAll(async () => {
  store = await openThreadedSqlite(join(directory, 'a.sqlite'));
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Kills the store thread right after it gets the next call. */
function killThreadAtNextCall(): void {
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(function (this: Worker, call) {
    postMessage.call(this, call);
    void this.terminate();
  });
}

test('the event loop runs on while the database works', async () => {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const before = performance.eventLoopUtilization();
  for (let i = 0; i < 20; i += 1)
    await append(
      store,
      upTo(200).map(() => typed(room, ada)),
    );
  const { active, idle } = performance.eventLoopUtilization(before);
  expect(idle).toBeGreaterThan(active / 4);
  expect((await store.heads([room])).get(room)).toEqual({ lastSeq: 4_000, rev: 4_000 });
});

test('a commit overtakes the reads that wait; the reads keep their order', async () => {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const order: string[] = [];
  const names = upTo(50).map((i) => `read ${i}`);
  const reads = names.map((name) => store.listMessages(room, { limit: 50 }).then(() => order.push(name)));
  const commit = append(store, [typed(room, ada)]).then(() => order.push('commit'));
  await Promise.all([...reads, commit]);
  expect(order.indexOf('commit')).toBeLessThanOrEqual(1);
  expect(order.filter((name) => name !== 'commit')).toEqual(names);
});

test('a change that cannot be kept fails alone, and its error crosses the threads unchanged', async () => {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  const [refused, other] = await append(store, [typed('no such room', ada), typed(room, ada)]);
  expect(refused).toEqual({ error: expect.any(AppError) });
  expect(refused).toMatchObject({ error: { reason: 'room_unknown', code: 'NOT_FOUND' } });
  expect(other).toMatchObject({ changed: true });
});

test('a thread that dies fails its pending calls with a retryable error, and a new thread replaces it', async () => {
  const ada = await addPerson(store);
  const room = await addRoom(store, ada);
  killThreadAtNextCall();
  const during = await Promise.allSettled([store.findUser(ada.id), store.findRoom(room, ada.id)]);
  for (const call of during) {
    expect(call).toMatchObject({ reason: { reason: 'store_unavailable', retryable: true } });
  }
  expect(await Promise.all([store.findUser(ada.id), store.findUser(ada.id)])).toEqual([ada, ada]);
  expect(kept(await append(store, [typed(room, ada)]))[0]?.seq).toBe(1);
});

test('a database that cannot be opened reports its error and blocks no other database', async () => {
  await expect(openThreadedSqlite(directory)).rejects.toMatchObject({
    reason: 'store_refused',
    retryable: false,
    cause: { errcode: 14 },
  });
  expect((await store.heads([])).size).toBe(0);
});

test.each([
  new AppError('CONFLICT', 'a_reason', 'A sentence.', {
    retryable: true,
    retryAfterMs: 5,
    details: { left: 3 },
    cause: Object.assign(new Error('locked'), { errcode: 5, code: 'ERR_SQLITE_ERROR' }),
  }),
  Object.assign(new Error('disk full'), { errcode: 13, code: 'ERR_SQLITE_ERROR' }),
])('the error “$message” crosses the threads unchanged', (error) => {
  const received = deserializeError(structuredClone(serializeError(error)));
  expect(received).toBeInstanceOf(error.constructor);
  expect(received).toMatchObject({ ...error });
  expect([received.message, received.stack]).toEqual([error.message, error.stack]);
  expect(received.cause).toEqual(error.cause);
});
