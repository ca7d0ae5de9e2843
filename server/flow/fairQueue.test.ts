import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { FairQueue, type FairQueueOptions } from './fairQueue.ts';
import type { Caller } from './tally.ts';

const WAIT_MS = 1_000;
const OPTIONS: FairQueueOptions = {
  running: { perPerson: 1, perAddress: 2, total: 2 },
  waiting: { perPerson: 3, perAddress: 20, total: 24 },
  waitMs: WAIT_MS,
};

const at = (address: string, userId: string | null): Caller => ({ address, userId });

/** A queue whose tasks end when the test says so. */
function createScene(options: Partial<FairQueueOptions> = {}) {
  const queue = new FairQueue({ ...OPTIONS, ...options });
  const started: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const refused = new Map<string, string>();
  const run = (name: string, caller: Caller, gone?: AbortSignal) => {
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    const result = queue.run(caller, gone, () => {
      started.push(name);
      return end.promise;
    });
    result.catch((error: unknown) => refused.set(name, error instanceof AppError ? error.reason : 'failed'));
    return result;
  };
  /** Ends a task, and lets the next ones start. */
  const end = async (name: string) => {
    ends.get(name)?.resolve(name);
    await vi.advanceTimersByTimeAsync(0);
  };
  /** Ends the tasks in the order of their starts. */
  const endAll = async () => {
    for (let i = 0; i < started.length; i += 1) await end(started[i] as string);
  };
  return {
    queue,
    started,
    refused,
    run,
    end,
    endAll,
    fail: (name: string) => ends.get(name)?.reject(new Error()),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a queue that is not full', () => {
  test('starts a task in the same tick and gives back its result', async () => {
    const { started, run, end } = createScene();
    const result = run('a', at('home', 'ada'));
    expect(started).toEqual(['a']);
    await end('a');
    expect(await result).toBe('a');
  });

  test('passes on the error of a task, and its place is free again', async () => {
    const { queue, run, fail, refused } = createScene();
    const result = run('a', at('home', 'ada'));
    fail('a');
    await expect(result).rejects.toThrow();
    expect(refused.get('a')).toBe('failed');
    expect(queue.size).toEqual({ running: 0, waiting: 0 });
  });
});

describe('turns', () => {
  test('a person with many tasks delays another by those that run, not by those that wait', async () => {
    const { started, run, endAll } = createScene({ running: { perPerson: 1, perAddress: 1, total: 1 } });
    for (const name of ['m1', 'm2', 'm3', 'm4']) run(name, at('home', 'mallory'));
    run('a1', at('home', 'ada'));
    await endAll();
    expect(started).toEqual(['m1', 'm2', 'a1', 'm3', 'm4']);
  });

  test('an address with many people counts as one address', async () => {
    const { started, run, endAll } = createScene({ running: { perPerson: 1, perAddress: 1, total: 1 } });
    for (const name of ['m1', 'm2', 'm3', 'm4']) run(name, at('laptop', name));
    run('a1', at('home', 'ada'));
    run('a2', at('home', 'ada'));
    await endAll();
    expect(started).toEqual(['m1', 'm2', 'a1', 'm3', 'a2', 'm4']);
  });

  test('a person has only their own places, also from several addresses', () => {
    const { started, run } = createScene();
    run('m1', at('laptop', 'mallory'));
    run('m2', at('phone', 'mallory'));
    run('a1', at('home', 'ada'));
    expect(started).toEqual(['m1', 'a1']);
  });

  test('an address leaves places to the others', () => {
    const { started, run } = createScene({ running: { perPerson: 1, perAddress: 2, total: 3 } });
    for (const name of ['m1', 'm2', 'm3']) run(name, at('laptop', name));
    run('a1', at('home', 'ada'));
    expect(started).toEqual(['m1', 'm2', 'a1']);
  });

  test('nobodies share the turn of one person, and have all places of their address', async () => {
    const { started, run, endAll } = createScene();
    for (const name of ['n1', 'n2', 'n3', 'n4']) run(name, at('school', null));
    run('a1', at('school', 'ada'));
    expect(started).toEqual(['n1', 'n2']);
    await endAll();
    expect(started).toEqual(['n1', 'n2', 'n3', 'a1', 'n4']);
  });
});

describe('a task is refused, as retryable and without being run,', () => {
  test.each([
    ['when too many of its person wait', 1 + 3, (i: number) => at(`${i}`, 'mallory'), 'too_many_calls'],
    ['when too many of its address wait', 2 + 20, (i: number) => at('laptop', `${i}`), 'too_many_calls'],
    ['when too many of its address wait, also of nobody', 2 + 20, () => at('laptop', null), 'too_many_calls'],
    ['when too many wait in all', 2 + 24, (i: number) => at(`${i}`, `${i}`), 'busy'],
  ])('%s', async (_, accepted, callerOf, reason) => {
    const { queue, run, started, refused } = createScene();
    for (let i = 0; i < accepted; i += 1) run(`${i}`, callerOf(i));
    await vi.advanceTimersByTimeAsync(0);
    expect(refused.size).toBe(0);
    const surplus = run('surplus', callerOf(accepted));
    await expect(surplus).rejects.toMatchObject({
      reason,
      retryable: true,
      retryAfterMs: expect.any(Number),
    });
    expect(started).not.toContain('surplus');
    expect(queue.size.running + queue.size.waiting).toBe(accepted);
  });

  test('after it has waited for too long; those that came later still wait', async () => {
    const { queue, run, refused, started } = createScene({
      running: { perPerson: 1, perAddress: 1, total: 1 },
    });
    run('a', at('home', 'ada'));
    run('b', at('home', 'ben'));
    await vi.advanceTimersByTimeAsync(WAIT_MS / 2);
    run('c', at('home', 'cas'));
    await vi.advanceTimersByTimeAsync(WAIT_MS / 2 + 5);
    expect([...refused]).toEqual([['b', 'busy']]);
    expect(queue.size).toEqual({ running: 1, waiting: 1 });
    await vi.advanceTimersByTimeAsync(WAIT_MS / 2);
    expect([...refused.keys()]).toEqual(['b', 'c']);
    expect(started).toEqual(['a']);
  });

  test('when its caller goes before its turn; a task that runs already goes on', async () => {
    const { queue, run, refused, started, end } = createScene();
    const socket = new AbortController();
    const running = run('m0', at('laptop', 'mallory'), socket.signal);
    for (const name of ['m1', 'm2', 'm3']) run(name, at('laptop', 'mallory'), socket.signal);
    socket.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect([...refused]).toEqual([1, 2, 3].map((i) => [`m${i}`, 'caller_gone']));
    expect(queue.size).toEqual({ running: 1, waiting: 0 });
    await expect(queue.run(at('home', 'ada'), socket.signal, vi.fn())).rejects.toMatchObject({
      reason: 'caller_gone',
    });
    await end('m0');
    expect(await running).toBe('m0');
    expect(started).toEqual(['m0']);
  });
});

const people = ['ada', 'ben', 'cas', null];
const anAct = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ come: fc.constantFrom(...people), address: fc.constantFrom('x', 'y', 'z') }),
  },
  { weight: 3, arbitrary: fc.record({ end: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ leave: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ waitMs: fc.nat(400) }) },
);

test('whatever comes and goes: the bounds hold, nobody waits for a free place, each task runs or is refused, nothing stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anAct, { maxLength: 60 }), async (acts) => {
      const { queue, started, refused, run, end, endAll } = createScene();
      const callers = new Map<string, Caller>();
      const sockets: AbortController[] = [];
      const ended = new Set<string>();
      const running = () => started.filter((name) => !ended.has(name));
      for (const [i, act] of acts.entries()) {
        if ('come' in act) {
          const socket = new AbortController();
          sockets.push(socket);
          callers.set(`${i}`, at(act.address, act.come));
          run(`${i}`, at(act.address, act.come), socket.signal).catch(() => {});
        } else if ('end' in act) {
          const name = running()[act.end % Math.max(1, running().length)];
          if (name) ended.add(name);
          if (name) await end(name);
        } else if ('leave' in act) sockets[act.leave % Math.max(1, sockets.length)]?.abort();
        else await vi.advanceTimersByTimeAsync(act.waitMs);
        await vi.advanceTimersByTimeAsync(0);
        expectBounds(running().map((name) => callers.get(name) as Caller));
        const waiting = [...callers.keys()].filter((name) => !started.includes(name) && !refused.has(name));
        expect(queue.size).toEqual({ running: running().length, waiting: waiting.length });
        if (running().length === 0) expect(waiting).toEqual([]);
      }
      await endAll();
      expect(queue.size).toEqual({ running: 0, waiting: 0 });
      for (const name of callers.keys()) expect(started.includes(name)).not.toBe(refused.has(name));
    }),
    { numRuns: Number(process.env.RUNS ?? 100) },
  );
});

function expectBounds(running: Caller[]): void {
  const { perPerson, perAddress, total } = OPTIONS.running;
  expect(running.length).toBeLessThanOrEqual(total);
  for (const { userId, address } of running) {
    expect(running.filter((caller) => caller.address === address).length).toBeLessThanOrEqual(perAddress);
    if (userId === null) continue;
    expect(running.filter((caller) => caller.userId === userId).length).toBeLessThanOrEqual(perPerson);
  }
}
