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
  heardOf,
  POLL,
  singing,
  textsOf,
  transcribe,
} from '../testing/sherpaScene.ts';
import type { SpeechEngine } from '../transcriber.ts';

let engine: SpeechEngine;
beforeEach(() => {
  engine = createEngine();
});
afterEach(() => close(engine));

describe('all streams share one process', () => {
  test('and do not disturb each other, whether they end, leave or go on', async () => {
    const leaving = transcribe(engine, new AudioSource(singing('hello world'), { hangs: true }))[
      Symbol.asyncIterator
    ]();
    const others = ['one two', '안녕 하세요', 'three two one', 'world', 'hello s'].map(async (tokens) =>
      heardOf(engine, tokens),
    );
    await leaving.next();
    expect(childPids()).toHaveLength(1);
    await leaving.return?.();
    expect(await Promise.all(others)).toEqual([
      ['one two'],
      ['안녕 하세요'],
      ['three two one'],
      ['world'],
      ['hellos'],
    ]);
  });

  test('which stays for the next one', async () => {
    await heardOf(engine, 'one');
    const [pid] = childPids();
    await heardOf(engine, 'two');
    expect(childPids()).toEqual([pid]);
  });

  test('and is let go when nobody has spoken for a while', async () => {
    const restless = createEngine({ idleMs: 50 });
    await heardOf(restless, 'one');
    await expect.poll(childPids, POLL).toEqual([]);
    expect(await heardOf(restless, 'two')).toEqual(['two']);
    await restless.close();
  });

  test('of which fifty streams, five at a time, leave none', async () => {
    const brief = createEngine({ idleMs: 0 });
    const leaveEarly = async () => {
      const source = new AudioSource(singing('one'), { hangs: true });
      for await (const _ of transcribe(brief, source)) break;
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 5 }, leaveEarly));
    await expect.poll(childPids, POLL).toEqual([]);
  });
});

describe('a fault of the process costs its streams a restart', () => {
  const hearing = async (by = engine) => {
    const source = new AudioSource(singing('one two'), { hangs: true });
    const events = transcribe(by, source)[Symbol.asyncIterator]();
    await events.next();
    return { source, rest: Array.fromAsync({ [Symbol.asyncIterator]: () => events }) };
  };
  const expectHears = async (by = engine) => expect(await heardOf(by, 'three')).toEqual(['three']);

  test('when it is killed', async () => {
    const both = [await hearing(), await hearing()];
    signalAll('SIGKILL');
    for (const { source, rest } of both) {
      await expect(rest).rejects.toMatchObject(fault(true, /SIGKILL/));
      await expect.poll(() => source.returned, POLL).toBe(true);
    }
    await expectHears();
  });

  test('when it freezes', async () => {
    const impatient = createEngine({ answerLimitMs: 1_000 });
    const { rest } = await hearing(impatient);
    signalAll('SIGSTOP');
    const more = Array.fromAsync(transcribe(impatient, new AudioSource(singing('one'))));
    await expect(more).rejects.toMatchObject(fault(true, /does not answer/));
    await expect(rest).rejects.toMatchObject(fault(true, /does not answer/));
    await expectHears(impatient);
    await impatient.close();
  });

  test('when it grows too big', async () => {
    const [probe] = [await hearing()];
    const [pid = 0] = childPids();
    const atRest = residentBytes(pid);
    await engine.close();
    await probe.rest;
    const tight = createEngine({ memoryLimitBytes: atRest + 3 * 1_024 ** 2 });
    const hungry = Array.from({ length: 60 }, () =>
      Array.fromAsync(transcribe(tight, new AudioSource(singing('one two three two one')))),
    );
    const ends = await Promise.allSettled(hungry);
    for (const end of ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: fault(true, /more memory/) });
    }
    await tight.close();
  });

  test('when it is killed while it loads, of which the streams notice nothing', async () => {
    const finals = finalsOf(transcribe(engine, new AudioSource(singing('one'))));
    signalAll('SIGKILL');
    expect(textsOf(await finals)).toEqual(['one']);
  });

  test('when it loads too slowly', async () => {
    const hasty = createEngine({ startLimitMs: 1 });
    const events = Array.fromAsync(transcribe(hasty, new AudioSource(singing('one'))));
    await expect(events).rejects.toMatchObject(fault(true, /does not answer/));
  });
});

test('closing the engine ends its streams and its process', async () => {
  const events = Array.fromAsync(transcribe(engine, new AudioSource(singing('one'), { hangs: true })));
  await engine.close();
  expect(await events).toEqual([]);
  await expect.poll(childPids, POLL).toEqual([]);
});

test('the death of the server ends its process', async () => {
  const server = spawn(process.execPath, [join(import.meta.dirname, '../testing/hearForever.ts')], {
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
