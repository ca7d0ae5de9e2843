import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pump } from './pump.ts';
import { chunk, FarEnd, type Fate, FIRST, speak } from './testing/farEnd.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('brings every chunk once, in order, and ends its stream', async () => {
  const far = new FarEnd([]);
  const pump = new Pump(far.options);
  await speak(pump, 50);
  await pump.finish();
  expect(far.heard).toEqual(Array.from({ length: 50 }, (_, mark) => mark));
  expect(far.stopped).toHaveLength(1);
  expect(far.states).toEqual([{ type: 'starting' }, { type: 'listening', streamId: FIRST }]);
});

test('keeps what is said before the stream has begun', async () => {
  const far = new FarEnd(['call lost', 'call lost']);
  const pump = new Pump(far.options);
  pump.add(chunk(1));
  pump.add(chunk(2));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.heard).toEqual([1, 2]);
  pump.close();
});

test('says that it waits, and that it goes on', async () => {
  const far = new FarEnd(['good', 'call lost']);
  const pump = new Pump(far.options);
  await speak(pump, 20);
  await pump.finish();
  expect(far.states.map(({ type }) => type)).toEqual(['starting', 'listening', 'waiting', 'listening']);
  expect(far.heard).toHaveLength(20);
});

test('asks again when an answer never comes', async () => {
  const far = new FarEnd(['good', 'never answered']);
  const pump = new Pump(far.options);
  pump.add(chunk(7));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(far.heard).toEqual([7]);
  await pump.finish();
});

test('an answer that never comes is not waited for any more, and its call is not sent late', async () => {
  const far = new FarEnd(['good', 'never answered']);
  const pump = new Pump(far.options);
  pump.add(chunk(7));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(far.aborted).toBe(1);
  pump.close();
});

test('takes over a stream of its own whose beginning was not answered', async () => {
  const far = new FarEnd(['answer lost']);
  const pump = new Pump(far.options);
  pump.add(chunk(3));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.heard).toEqual([3]);
  pump.close();
});

test('does not take a stream away from another window', async () => {
  const far = new FarEnd([]);
  await far.options.start({ takeOver: false, behindSeconds: 0, lostSeconds: 0 });
  new Pump(far.options).add(chunk(1));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.states.at(-1)).toMatchObject({ type: 'failed', failure: { reason: 'stream_exists' } });
  expect(far.heard).toEqual([]);
});

test('keeps thirty seconds, drops the oldest beyond that, and says how much', async () => {
  const offline = Array.from({ length: 400 }, (): Fate => 'call lost');
  const far = new FarEnd(offline);
  const pump = new Pump(far.options);
  for (let i = 0; i < 310; i += 1) pump.add(chunk(i % 250));
  expect(far.states.at(-1)).toEqual({ type: 'gap', seconds: 1 });
  pump.close();
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
});

test('tells a new stream how old its first words are, and what was lost before them', async () => {
  const far = new FarEnd(['good', 'good', 'call lost', 'stream ended', 'call lost']);
  const pump = new Pump(far.options);
  await speak(pump, 1);
  for (let i = 0; i < 310; i += 1) pump.add(chunk(i % 250));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(far.beginnings.at(0)).toEqual({ takeOver: false, behindSeconds: 0, lostSeconds: 0 });
  expect(far.beginnings.at(1)).toEqual({ takeOver: true, behindSeconds: 30, lostSeconds: 1 });
  pump.close();
});

test('a finish that nobody answers ends all the same, and names what was lost', async () => {
  const far = new FarEnd(Array.from({ length: 400 }, (): Fate => 'call lost'));
  const pump = new Pump(far.options);
  for (let mark = 0; mark < 10; mark += 1) pump.add(chunk(mark));
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(10_000);
  await finished;
  expect(far.states.at(-1)).toEqual({ type: 'gap', seconds: 1 });
});

test('whatever fails, every chunk is heard once and in order, and nothing is dropped in silence', async () => {
  const fate = fc.constantFrom<Fate>('good', 'good', 'call lost', 'answer lost', 'busy', 'never answered');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      async (fates, count) => {
        const far = new FarEnd(fates);
        const pump = new Pump(far.options);
        await speak(pump, count);
        await vi.advanceTimersByTimeAsync(600_000);
        const lost = far.states.some(({ type }) => type === 'gap');
        pump.close();
        if (!lost) expect(far.heard).toEqual(Array.from({ length: count }, (_, mark) => mark));
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

test('a stream that ends under way goes on in a new one, with all that was not acked', async () => {
  const fate = fc.constantFrom<Fate>('good', 'good', 'good', 'stream ended', 'call lost');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 30 }), async (fates) => {
      const far = new FarEnd(['good', ...fates]);
      const pump = new Pump(far.options);
      await speak(pump, 40);
      await vi.advanceTimersByTimeAsync(600_000);
      pump.close();
      expect(far.heard).toEqual(Array.from({ length: 40 }, (_, mark) => mark));
    }),
    { numRuns: 100 },
  );
}, 60_000);
