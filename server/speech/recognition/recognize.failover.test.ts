import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  broken,
  fault,
  finals,
  listen,
  Mouth,
  pass,
  short,
  speak,
  TestAdmission,
} from '../../../testing/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what cannot heal', () => {
  test('is thrown, after what was half said and what nobody heard', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(3, broken('credentials', false))] });
    const { heard, over } = listen(mouth, { engine });
    over.catch(() => {});
    await speak(mouth, 1, 2, 3, 4);
    await expect(over).rejects.toMatchObject({ reason: 'credentials' });
    expect(heard.map(short)).toEqual(['listening aws', '1: 1', '1: 1 2', '1. 1 2', 'gap 0.2 to 0.3 engine']);
    expect(mouth.let).toBe(true);
  });

  test('goes to the fallback at once, unless that refuses', async () => {
    for (const refusal of [null, 'Not this language.']) {
      const mouth = new Mouth();
      const engine = createNumbersEngine({ faults: [fault(3, broken('credentials', false))] });
      const fallback = createNumbersEngine({ name: 'sherpa', refusal });
      const { heard, over, restarts } = listen(mouth, { engine, fallback });
      over.catch(() => {});
      await speak(mouth, 1, 2, 3, 4, 'pause');
      mouth.stop();
      if (refusal) {
        await expect(over).rejects.toMatchObject({ reason: 'credentials' });
        expect(fallback.calls).toEqual([]);
        continue;
      }
      await over;
      expect(restarts).toEqual(['failover']);
      expect(finals(heard)).toEqual(['1 2 3 4']);
      expect(heard.filter(({ type }) => type === 'state').map(short)).toEqual([
        'listening aws',
        'recovering aws credentials',
        'listening sherpa failover',
      ]);
    }
  });

  test('of the fallback sends the stretch back to the first engine', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine({ faults: [fault(2), ...Array(7).fill(fault(0))] });
    const fallback = createNumbersEngine({
      name: 'sherpa',
      faults: [fault(0, broken('broken_model', false))],
    });
    const { heard, over } = listen(mouth, { engine, fallback });
    await speak(mouth, 1, 2, 3, 'pause');
    await pass(45);
    mouth.stop();
    await pass(10);
    await over;
    expect(fallback.calls).toHaveLength(1);
    expect(finals(heard)).toEqual(['1 2 3']);
  });

  test('of the audio itself is thrown on as it is', async () => {
    const mouth = new Mouth();
    const engine = createNumbersEngine();
    const { over } = listen(mouth, { engine });
    over.catch(() => {});
    await speak(mouth, 1);
    const error = new Error('the microphone broke');
    mouth.break(error);
    await expect(over).rejects.toBe(error);
    expect(engine.calls.map(({ freed }) => freed)).toEqual([true]);
  });
});

test('an engine that stays away longer than 10 s is replaced by the fallback, and has its turn again next time', async () => {
  const mouth = new Mouth();
  const engine = createNumbersEngine({ faults: [fault(2), ...Array(20).fill(fault(0))] });
  const fallback = createNumbersEngine({ name: 'sherpa' });
  const { heard, over } = listen(mouth, { engine, fallback });
  for (let word = 1; word <= 120; word += 1) {
    await speak(mouth, word);
    if (word === 95) expect(fallback.calls).toHaveLength(0);
  }
  expect(fallback.calls).toHaveLength(1);
  await speak(mouth, 'pause');
  mouth.stop();
  await over;
  const all = Array.from({ length: 120 }, (_, i) => i + 1).join(' ');
  expect(finals(heard)).toEqual([all]);
  expect(heard.map(short)).toContain('listening sherpa failover');

  const again = new Mouth();
  const next = listen(again, { engine: createNumbersEngine(), fallback });
  await speak(again, 7, 'pause');
  again.stop();
  await next.over;
  expect(next.heard.map(short)[0]).toBe('listening aws');
});

describe('places', () => {
  test('while one is waited for, audio is kept for a minute; what falls out is a gap, told before what follows', async () => {
    const mouth = new Mouth();
    const places = new TestAdmission(0);
    const engine = createNumbersEngine();
    const { heard, over } = listen(mouth, { engine, places });
    for (let word = 1; word <= 700; word += 1) await speak(mouth, word);
    expect(heard.map(short)).toEqual(['queued 1']);
    places.open(1);
    await speak(mouth, 'pause');
    mouth.stop();
    await over;
    const [, gap, state] = heard.map(short);
    expect(state).toMatch(/gap 0 to 10/);
    expect(gap).toBe('listening aws');
    expect(finals(heard)[0]?.split(' ')).toHaveLength(600);
    expect(places.asked).toEqual([false]);
  });

  test('what comes just when one is free pushes nothing out that the engine has yet to be given', async () => {
    const mouth = new Mouth();
    const places = new TestAdmission(0);
    const engine = createNumbersEngine({ chunkTakesMs: 50 });
    const { heard, over } = listen(mouth, { engine, places });
    for (let word = 1; word <= 600; word += 1) await speak(mouth, word);
    // Until the next piece is being drawn, though none has come.
    await pass(2);
    places.open(1);
    await pass(0.01);
    mouth.say({ silence: 0.5 });
    mouth.stop();
    await pass(60);
    await over;
    expect(heard.map(short).filter((told) => told.startsWith('gap'))).toEqual([]);
    expect(finals(heard)[0]?.split(' ')).toHaveLength(600);
  });

  test('a limit of the service gives the place back, tells it, and waits in front of those who are new', async () => {
    const mouth = new Mouth();
    const places = new TestAdmission(1);
    const engine = createNumbersEngine({ faults: [fault(2, broken('engine_limit'))] });
    const { heard, over } = listen(mouth, { engine, places });
    places.onRefused = () => places.open(-1);
    await speak(mouth, 1, 2, 3, 4, 5, 6, 7);
    expect(heard.map(short).slice(-2)).toEqual(['recovering aws engine_limit', 'queued 1']);
    expect(places).toMatchObject({ taken: 0, refusals: 1, asked: [false, true] });
    places.open(1);
    await speak(mouth, 'pause');
    mouth.stop();
    await over;
    expect(finals(heard)).toEqual(['1 2 3 4 5 6 7']);
  });
});
