import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AudioSource } from '../testing/audioSource.ts';
import { engineFault as fault, finalsOf } from '../testing/engineEvents.ts';
import {
  childPids,
  close,
  createEngine,
  POLL,
  recognize,
  speechChunks,
  textsOf,
  transcribe,
} from '../testing/sherpaScene.ts';
import type { SpeechEngine } from '../transcriber.ts';

let engine: SpeechEngine;
beforeEach(() => {
  engine = createEngine();
});
afterEach(() => close(engine));

describe('all streams share one process:', () => {
  test('a stream that ends or returns early does not disturb the others', async () => {
    const returning = transcribe(engine, new AudioSource(speechChunks('hello world'), { hangs: true }))[
      Symbol.asyncIterator
    ]();
    const others = ['one two', '안녕 하세요', 'three two one', 'world', 'hello s'].map(async (tokens) =>
      recognize(engine, tokens),
    );
    await returning.next();
    expect(childPids()).toHaveLength(1);
    await returning.return?.();
    expect(await Promise.all(others)).toEqual([
      ['one two'],
      ['안녕 하세요'],
      ['three two one'],
      ['world'],
      ['hellos'],
    ]);
  });

  test('the next stream uses the same process', async () => {
    await recognize(engine, 'one');
    const [pid] = childPids();
    await recognize(engine, 'two');
    expect(childPids()).toEqual([pid]);
  });

  test('the process ends when it is idle, and the next stream starts a new one', async () => {
    const idling = createEngine({ idleMs: 50 });
    await recognize(idling, 'one');
    await expect.poll(childPids, POLL).toEqual([]);
    expect(await recognize(idling, 'two')).toEqual(['two']);
    await idling.close();
  });

  test('fifty streams, five at a time, leave no process behind', async () => {
    const notIdling = createEngine({ idleMs: 0 });
    const returnEarly = async () => {
      const source = new AudioSource(speechChunks('one'), { hangs: true });
      for await (const _ of transcribe(notIdling, source)) break;
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 5 }, returnEarly));
    await expect.poll(childPids, POLL).toEqual([]);
  });
});

describe('a fault of the process is retryable:', () => {
  const startStream = async (by = engine) => {
    const source = new AudioSource(speechChunks('one two'), { hangs: true });
    const events = transcribe(by, source)[Symbol.asyncIterator]();
    await events.next();
    return { source, rest: Array.fromAsync({ [Symbol.asyncIterator]: () => events }) };
  };
  const expectWorks = async (by = engine) => expect(await recognize(by, 'three')).toEqual(['three']);

  test('its streams fail when it is killed, and the next stream works', async () => {
    const both = [await startStream(), await startStream()];
    signalAll('SIGKILL');
    for (const { source, rest } of both) {
      await expect(rest).rejects.toMatchObject(fault(true, /SIGKILL/));
      await expect.poll(() => source.returned, POLL).toBe(true);
    }
    await expectWorks();
  });

  test('its streams fail when it freezes, and the next stream works', async () => {
    const shortTimeout = createEngine({ answerTimeoutMs: 1_000 });
    const { rest } = await startStream(shortTimeout);
    signalAll('SIGSTOP');
    const more = Array.fromAsync(transcribe(shortTimeout, new AudioSource(speechChunks('one'))));
    await expect(more).rejects.toMatchObject(fault(true, /does not answer/));
    await expect(rest).rejects.toMatchObject(fault(true, /does not answer/));
    await expectWorks(shortTimeout);
    await shortTimeout.close();
  });

  test('its streams fail when it needs too much memory', async () => {
    const probe = await startStream();
    const [pid = 0] = childPids();
    const bytesWithOneStream = residentBytes(pid);
    await engine.close();
    await probe.rest;
    const smallLimit = createEngine({ memoryLimitBytes: bytesWithOneStream + 3 * 1_024 ** 2 });
    const streams = Array.from({ length: 60 }, () =>
      Array.fromAsync(transcribe(smallLimit, new AudioSource(speechChunks('one two three two one')))),
    );
    const ends = await Promise.allSettled(streams);
    for (const end of ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: fault(true, /more memory/) });
    }
    await smallLimit.close();
  });

  test('its streams do not notice when it is killed while it loads', async () => {
    const finals = finalsOf(transcribe(engine, new AudioSource(speechChunks('one'))));
    signalAll('SIGKILL');
    expect(textsOf(await finals)).toEqual(['one']);
  });

  test('its streams fail when it loads too slowly', async () => {
    const shortTimeout = createEngine({ startTimeoutMs: 1 });
    const events = Array.fromAsync(transcribe(shortTimeout, new AudioSource(speechChunks('one'))));
    await expect(events).rejects.toMatchObject(fault(true, /does not answer/));
  });
});

test('closing the engine ends its streams and its process', async () => {
  const events = Array.fromAsync(transcribe(engine, new AudioSource(speechChunks('one'), { hangs: true })));
  await engine.close();
  expect(await events).toEqual([]);
  await expect.poll(childPids, POLL).toEqual([]);
});

test('the engine process ends when the server dies', async () => {
  const server = spawn(process.execPath, [join(import.meta.dirname, '../testing/recognizeForever.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(server.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString().split(/\s/)[0]);
  expect(isAlive(pid)).toBe(true);
  server.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), POLL).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function signalAll(signal: NodeJS.Signals): void {
  for (const pid of childPids()) process.kill(pid, signal);
}

function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1_024;
}
