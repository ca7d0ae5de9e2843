import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pump } from './pump.ts';
import { chunk, FIRST, type Outcome, ScriptedServer, speak } from './testing/scriptedServer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('every chunk arrives once and in order, and then the stream ends', async () => {
  const server = new ScriptedServer([]);
  const pump = new Pump(server.options);
  await speak(pump, 50);
  await pump.finish();
  expect(server.received).toEqual(Array.from({ length: 50 }, (_, mark) => mark));
  expect(server.stopped).toHaveLength(1);
  expect(server.states).toEqual([{ type: 'starting' }, { type: 'listening', streamId: FIRST }]);
});

test('audio from before the start of the stream is kept and sent', async () => {
  const server = new ScriptedServer(['call lost', 'call lost']);
  const pump = new Pump(server.options);
  pump.add(chunk(1));
  pump.add(chunk(2));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received).toEqual([1, 2]);
  pump.close();
});

test('the pump reports that it waits after a failure, and that it listens again', async () => {
  const server = new ScriptedServer(['good', 'call lost']);
  const pump = new Pump(server.options);
  await speak(pump, 20);
  await pump.finish();
  expect(server.states.map(({ type }) => type)).toEqual(['starting', 'listening', 'waiting', 'listening']);
  expect(server.received).toHaveLength(20);
});

test('a call that is never answered is repeated', async () => {
  const server = new ScriptedServer(['good', 'never answered']);
  const pump = new Pump(server.options);
  pump.add(chunk(7));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.received).toEqual([7]);
  await pump.finish();
});

test('a call that is never answered is aborted, so that it is not sent late', async () => {
  const server = new ScriptedServer(['good', 'never answered']);
  const pump = new Pump(server.options);
  pump.add(chunk(7));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.abortedCalls).toBe(1);
  pump.close();
});

test('the pump takes over its own stream if the answer to the start was lost', async () => {
  const server = new ScriptedServer(['answer lost']);
  const pump = new Pump(server.options);
  pump.add(chunk(3));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received).toEqual([3]);
  pump.close();
});

test('the pump does not take over a stream of another window', async () => {
  const server = new ScriptedServer([]);
  await server.options.start({ takeOver: false, behindSeconds: 0, lostSeconds: 0 });
  new Pump(server.options).add(chunk(1));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.states.at(-1)).toMatchObject({ type: 'failed', failure: { reason: 'stream_exists' } });
  expect(server.received).toEqual([]);
});

test('a minute of audio is kept, older audio is dropped and reported as a gap', async () => {
  const offline = Array.from({ length: 400 }, (): Outcome => 'call lost');
  const server = new ScriptedServer(offline);
  const pump = new Pump(server.options);
  await vi.advanceTimersByTimeAsync(0);
  for (let i = 0; i < 610; i += 1) pump.add(chunk(i % 250));
  expect(server.states.at(-1)).toEqual({ type: 'gap', seconds: 1 });
  pump.close();
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
});

test('a new stream starts with the age of its first audio and with the loss before it', async () => {
  const server = new ScriptedServer(['good', 'good', 'call lost', 'stream ended', 'call lost']);
  const pump = new Pump(server.options);
  await speak(pump, 2);
  for (let i = 0; i < 609; i += 1) pump.add(chunk(i % 250));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.starts.at(0)).toEqual({ takeOver: false, behindSeconds: 0, lostSeconds: 0 });
  // The call is made 0.65 s after the last chunk.
  expect(server.starts.at(1)).toEqual({ takeOver: true, behindSeconds: 60.65, lostSeconds: 1 });
  pump.close();
});

test('finish ends without an answer too, and reports the audio that was lost', async () => {
  const server = new ScriptedServer(Array.from({ length: 400 }, (): Outcome => 'call lost'));
  const pump = new Pump(server.options);
  for (let mark = 0; mark < 10; mark += 1) pump.add(chunk(mark));
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(10_000);
  await finished;
  expect(server.states.at(-1)).toEqual({ type: 'gap', seconds: 1 });
});

test('a stream that starts only after the pump has given up is ended at once', async () => {
  const server = new ScriptedServer([]);
  let starts = 0;
  const late = Promise.withResolvers<{ streamId: string }>();
  const start = () => {
    starts += 1;
    return starts === 1 ? new Promise<never>(() => {}) : late.promise;
  };
  const pump = new Pump({ ...server.options, start });
  pump.add(chunk(1));
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(12_000);
  await finished;
  expect([starts, server.stopped]).toEqual([2, []]);
  late.resolve({ streamId: FIRST });
  await vi.advanceTimersByTimeAsync(0);
  expect(server.stopped).toEqual([FIRST]);
});

test('after any failures every chunk arrives once and in order, or a gap is reported', async () => {
  const outcome = fc.constantFrom<Outcome>(
    'good',
    'good',
    'call lost',
    'answer lost',
    'busy',
    'never answered',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      async (outcomes, count) => {
        const server = new ScriptedServer(outcomes);
        const pump = new Pump(server.options);
        await speak(pump, count);
        await vi.advanceTimersByTimeAsync(600_000);
        const lost = server.states.some(({ type }) => type === 'gap');
        pump.close();
        if (!lost) expect(server.received).toEqual(Array.from({ length: count }, (_, mark) => mark));
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

test('after the end of a stream, a new one gets all chunks that were not acked', async () => {
  const outcome = fc.constantFrom<Outcome>('good', 'good', 'good', 'stream ended', 'call lost');
  await fc.assert(
    fc.asyncProperty(fc.array(outcome, { maxLength: 30 }), async (outcomes) => {
      const server = new ScriptedServer(['good', ...outcomes]);
      const pump = new Pump(server.options);
      await speak(pump, 40);
      await vi.advanceTimersByTimeAsync(600_000);
      pump.close();
      expect(server.received).toEqual(Array.from({ length: 40 }, (_, mark) => mark));
    }),
    { numRuns: 100 },
  );
}, 60_000);
