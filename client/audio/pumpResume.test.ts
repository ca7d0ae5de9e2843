import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pump } from './pump.ts';
import { chunk, FIRST, type Outcome, ScriptedServer, SECOND, speak } from './testing/scriptedServer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('after a lost connection the stream resumes from the number that the server wants next', async () => {
  // Sixteen chunks are in flight. Some arrive, some arrive but their answer is lost, and the rest is lost.
  const losses: Outcome[] = [
    'good',
    'good',
    'answer lost',
    'answer lost',
    'call lost',
    'call lost',
    'call lost',
  ];
  const server = new ScriptedServer(['good', ...losses]);
  const pump = new Pump(server.options);
  for (let mark = 0; mark < 40; mark += 1) pump.add(chunk(mark));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received).toEqual(Array.from({ length: 40 }, (_, mark) => mark));
  expect(server.resumes).toEqual([false]);
  expect(server.states.at(-1)).toEqual({ type: 'listening', streamId: FIRST });
  pump.close();
});

test('repeated lost connections cause one resume at a time, with growing pauses', async () => {
  const server = new ScriptedServer(['good']);
  const pump = new Pump(server.options);
  await speak(pump, 5);
  const callsBefore = server.calls;
  server.script(...Array.from({ length: 200 }, (): Outcome => 'call lost'));
  await speak(pump, 150);
  // The retries in 15 s come after pauses of 0.25, 0.5, 1, 2, 4 and 4 s.
  expect(server.calls - callsBefore).toBe(1 + 6);
  pump.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('retryNow ends the pause when the connection is back', async () => {
  const server = new ScriptedServer(['good']);
  const pump = new Pump(server.options);
  await speak(pump, 5);
  server.script('call lost', 'call lost', 'call lost', 'call lost');
  pump.add(chunk(5));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(server.states.at(-1)).toMatchObject({ type: 'waiting' });
  pump.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect([server.received.at(-1), server.resumes]).toEqual([5, [false]]);
  pump.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('if a resume is refused, a new stream starts with all the audio that was kept', async () => {
  const server = new ScriptedServer(['good', 'good', 'call lost', 'stream ended']);
  const pump = new Pump(server.options);
  await speak(pump, 30);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received).toEqual(Array.from({ length: 30 }, (_, mark) => mark));
  expect(server.states.at(-1)).toEqual({ type: 'listening', streamId: SECOND });
  expect(server.states.some(({ type }) => type === 'gap')).toBe(false);
  pump.close();
});

test('if the server wants acked chunks again, it gets them', async () => {
  const server = new ScriptedServer([]);
  const pump = new Pump(server.options);
  await speak(pump, 10);
  server.forgetAcked(3);
  server.script('call lost');
  pump.add(chunk(10));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received.slice(10)).toEqual([7, 8, 9, 10]);
  expect(server.states.some(({ type }) => type === 'gap')).toBe(false);
  expect(server.states.at(-1)).toEqual({ type: 'listening', streamId: FIRST });
  pump.close();
});

test('after a reload the pump continues the stream of the page before it', async () => {
  const server = new ScriptedServer([]);
  const before = new Pump(server.options);
  await speak(before, 5);
  before.close();

  server.script('call lost', 'answer lost');
  const pump = new Pump(server.options, { resumeStreamId: FIRST });
  pump.add(chunk(5));
  await vi.advanceTimersByTimeAsync(5_000);
  await speak(pump, 3);
  expect(server.received).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2]);
  expect(server.resumes.every((fresh) => fresh)).toBe(true);
  // Now this page owns the stream, so a resume is no longer fresh.
  server.script('call lost');
  pump.add(chunk(9));
  await vi.advanceTimersByTimeAsync(5_000);
  expect([server.resumes.at(-1), server.received.at(-1)]).toEqual([false, 9]);
  await pump.finish();
  expect(server.stopped).toEqual([FIRST]);
});

test('a new stream starts if the old one has ended during the reload', async () => {
  const server = new ScriptedServer([]);
  const pump = new Pump(server.options, { resumeStreamId: FIRST });
  pump.add(chunk(1));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.received).toEqual([1]);
  pump.close();
});

test('finish during a lost connection sends the rest when the connection is back', async () => {
  const server = new ScriptedServer(['good', 'good', 'call lost', 'call lost', 'call lost']);
  const pump = new Pump(server.options);
  await speak(pump, 5);
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(5_000);
  await finished;
  expect(server.received).toEqual([0, 1, 2, 3, 4]);
  expect(server.stopped).toEqual([FIRST]);
});
