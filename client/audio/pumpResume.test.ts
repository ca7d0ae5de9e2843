import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pump } from './pump.ts';
import { chunk, FarEnd, type Fate, FIRST, SECOND, speak } from './testing/farEnd.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a lost connection resumes the stream, from the number that the server wants next', async () => {
  // Sixteen chunks are under way: some arrive, of some only the answer is lost, the rest is lost.
  const lost: Fate[] = ['good', 'good', 'answer lost', 'answer lost', 'call lost', 'call lost', 'call lost'];
  const far = new FarEnd(['good', ...lost]);
  const pump = new Pump(far.options);
  for (let mark = 0; mark < 40; mark += 1) pump.add(chunk(mark));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.heard).toEqual(Array.from({ length: 40 }, (_, mark) => mark));
  expect(far.resumes).toEqual([false]);
  expect(far.states.at(-1)).toEqual({ type: 'listening', streamId: FIRST });
  pump.close();
});

test('a storm of lost connections is one resume at a time, at growing distances', async () => {
  const far = new FarEnd(['good']);
  const pump = new Pump(far.options);
  await speak(pump, 5);
  const before = far.asked;
  far.fate(...Array.from({ length: 200 }, (): Fate => 'call lost'));
  await speak(pump, 150);
  // In 15 s: after 0.25, 0.5, 1, 2, 4 and 4.
  expect(far.asked - before).toBe(1 + 6);
  pump.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('who hears that the connection is back need not wait for the next try', async () => {
  const far = new FarEnd(['good']);
  const pump = new Pump(far.options);
  await speak(pump, 5);
  far.fate('call lost', 'call lost', 'call lost', 'call lost');
  pump.add(chunk(5));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(far.states.at(-1)).toMatchObject({ type: 'waiting' });
  pump.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect([far.heard.at(-1), far.resumes]).toEqual([5, [false]]);
  pump.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a resume that is refused begins a new stream with all that was kept', async () => {
  const far = new FarEnd(['good', 'good', 'call lost', 'stream ended']);
  const pump = new Pump(far.options);
  await speak(pump, 30);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.heard).toEqual(Array.from({ length: 30 }, (_, mark) => mark));
  expect(far.states.at(-1)).toEqual({ type: 'listening', streamId: SECOND });
  expect(far.states.some(({ type }) => type === 'gap')).toBe(false);
  pump.close();
});

test('a server that wants again what it had acked is left for a new stream, and the loss is told', async () => {
  const far = new FarEnd([]);
  const pump = new Pump(far.options);
  await speak(pump, 10);
  far.goBack(3);
  far.fate('call lost');
  pump.add(chunk(10));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.states).toContainEqual({ type: 'gap', seconds: 0.3 });
  expect(far.heard.at(-1)).toBe(10);
  expect(far.states.at(-1)).toEqual({ type: 'listening', streamId: SECOND });
  pump.close();
});

test('after a reload it goes on in the stream that the page before has left', async () => {
  const far = new FarEnd([]);
  const before = new Pump(far.options);
  await speak(before, 5);
  before.close();

  far.fate('call lost', 'answer lost');
  const pump = new Pump(far.options, { resumes: FIRST });
  pump.add(chunk(5));
  await vi.advanceTimersByTimeAsync(5_000);
  await speak(pump, 3);
  expect(far.heard).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2]);
  expect(far.resumes.every((fresh) => fresh)).toBe(true);
  // From now on it is this page's stream: what is under way is not gone.
  far.fate('call lost');
  pump.add(chunk(9));
  await vi.advanceTimersByTimeAsync(5_000);
  expect([far.resumes.at(-1), far.heard.at(-1)]).toEqual([false, 9]);
  await pump.finish();
  expect(far.stopped).toEqual([FIRST]);
});

test('after a reload that took too long a new stream begins', async () => {
  const far = new FarEnd([]);
  const pump = new Pump(far.options, { resumes: FIRST });
  pump.add(chunk(1));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(far.heard).toEqual([1]);
  pump.close();
});

test('a stop while the connection is away brings the rest once it is back', async () => {
  const far = new FarEnd(['good', 'good', 'call lost', 'call lost', 'call lost']);
  const pump = new Pump(far.options);
  await speak(pump, 5);
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(5_000);
  await finished;
  expect(far.heard).toEqual([0, 1, 2, 3, 4]);
  expect(far.stopped).toEqual([FIRST]);
});
