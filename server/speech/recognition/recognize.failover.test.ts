import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  brief,
  engineError,
  fault,
  finals,
  pass,
  speak,
  startRecognition,
  TestAdmission,
  TestSpeaker,
} from '../../../testing/speech/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an error that no retry can heal', () => {
  test('is thrown, after the final of the open utterance and the gap', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(3, engineError('credentials', false))] });
    const { events, done } = startRecognition(speaker, { engine });
    done.catch(() => {});
    await speak(speaker, 1, 2, 3, 4);
    await expect(done).rejects.toMatchObject({ reason: 'credentials' });
    expect(events.map(brief)).toEqual(['listening aws', '1: 1', '1: 1 2', '1. 1 2', 'gap 0.2 to 0.3 engine']);
    expect(speaker.released).toBe(true);
  });

  test('fails over at once, unless the fallback refuses the options', async () => {
    for (const refusal of [null, 'Not this language.']) {
      const speaker = new TestSpeaker();
      const engine = createNumbersEngine({ faults: [fault(3, engineError('credentials', false))] });
      const fallback = createNumbersEngine({ name: 'sherpa', refusal });
      const { events, done, restarts } = startRecognition(speaker, { engine, fallback });
      done.catch(() => {});
      await speak(speaker, 1, 2, 3, 4, 'pause');
      speaker.stop();
      if (refusal) {
        await expect(done).rejects.toMatchObject({ reason: 'credentials' });
        expect(fallback.calls).toEqual([]);
        continue;
      }
      await done;
      expect(restarts).toEqual(['failover']);
      expect(finals(events)).toEqual(['1 2 3 4']);
      expect(events.filter(({ type }) => type === 'state').map(brief)).toEqual([
        'listening aws',
        'recovering aws credentials',
        'listening sherpa failover',
      ]);
    }
  });

  test('of the fallback leads back to the first engine', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine({ faults: [fault(2), ...Array(7).fill(fault(0))] });
    const fallback = createNumbersEngine({
      name: 'sherpa',
      faults: [fault(0, engineError('broken_model', false))],
    });
    const { events, done } = startRecognition(speaker, { engine, fallback });
    await speak(speaker, 1, 2, 3, 'pause');
    await pass(45);
    speaker.stop();
    await pass(10);
    await done;
    expect(fallback.calls).toHaveLength(1);
    expect(finals(events)).toEqual(['1 2 3']);
  });

  test('of the audio source is thrown as it is', async () => {
    const speaker = new TestSpeaker();
    const engine = createNumbersEngine();
    const { done } = startRecognition(speaker, { engine });
    done.catch(() => {});
    await speak(speaker, 1);
    const error = new Error('the microphone failed');
    speaker.fail(error);
    await expect(done).rejects.toBe(error);
    expect(engine.calls.map(({ freed }) => freed)).toEqual([true]);
  });
});

test('an engine that fails for 10 s is replaced by the fallback, and the next segment calls it again', async () => {
  const speaker = new TestSpeaker();
  const engine = createNumbersEngine({ faults: [fault(2), ...Array(20).fill(fault(0))] });
  const fallback = createNumbersEngine({ name: 'sherpa' });
  const { events, done } = startRecognition(speaker, { engine, fallback });
  for (let word = 1; word <= 120; word += 1) {
    await speak(speaker, word);
    if (word === 95) expect(fallback.calls).toHaveLength(0);
  }
  expect(fallback.calls).toHaveLength(1);
  await speak(speaker, 'pause');
  speaker.stop();
  await done;
  const all = Array.from({ length: 120 }, (_, i) => i + 1).join(' ');
  expect(finals(events)).toEqual([all]);
  expect(events.map(brief)).toContain('listening sherpa failover');

  const again = new TestSpeaker();
  const next = startRecognition(again, { engine: createNumbersEngine(), fallback });
  await speak(again, 7, 'pause');
  again.stop();
  await next.done;
  expect(next.events.map(brief)[0]).toBe('listening aws');
});

describe('admission', () => {
  test('audio is kept for a minute while the segment waits, and a gap before the words reports the rest', async () => {
    const speaker = new TestSpeaker();
    const admission = new TestAdmission(0);
    const engine = createNumbersEngine();
    const { events, done } = startRecognition(speaker, { engine, admission });
    for (let word = 1; word <= 700; word += 1) await speak(speaker, word);
    expect(events.map(brief)).toEqual(['queued 1']);
    admission.addSlots(1);
    await speak(speaker, 'pause');
    speaker.stop();
    await done;
    const [, state, gap] = events.map(brief);
    expect(gap).toMatch(/gap 0 to 10/);
    expect(state).toBe('listening aws');
    expect(finals(events)[0]?.split(' ')).toHaveLength(600);
    expect(admission.requests).toEqual([false]);
  });

  test('audio that comes just as the call starts evicts nothing that the engine has not got yet', async () => {
    const speaker = new TestSpeaker();
    const admission = new TestAdmission(0);
    const engine = createNumbersEngine({ chunkTakesMs: 50 });
    const { events, done } = startRecognition(speaker, { engine, admission });
    for (let word = 1; word <= 600; word += 1) await speak(speaker, word);
    // Now the buffer waits for the next piece, and none has come yet.
    await pass(2);
    admission.addSlots(1);
    await pass(0.01);
    speaker.say({ silence: 0.5 });
    speaker.stop();
    await pass(60);
    await done;
    expect(events.map(brief).filter((event) => event.startsWith('gap'))).toEqual([]);
    expect(finals(events)[0]?.split(' ')).toHaveLength(600);
  });

  test('an engine that is at its limit frees the slot, and the segment waits as a resuming one', async () => {
    const speaker = new TestSpeaker();
    const admission = new TestAdmission(1);
    const engine = createNumbersEngine({ faults: [fault(2, engineError('engine_limit'))] });
    const { events, done } = startRecognition(speaker, { engine, admission });
    admission.onThrottle = () => admission.addSlots(-1);
    await speak(speaker, 1, 2, 3, 4, 5, 6, 7);
    expect(events.map(brief).slice(-2)).toEqual(['recovering aws engine_limit', 'queued 1']);
    expect(admission).toMatchObject({ running: 0, throttles: 1, requests: [false, true] });
    admission.addSlots(1);
    await speak(speaker, 'pause');
    speaker.stop();
    await done;
    expect(finals(events)).toEqual(['1 2 3 4 5 6 7']);
  });
});
