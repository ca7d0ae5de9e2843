import { describe, expect, test } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { createNotedLog } from '../../testing/notedLog.ts';
import { openSpeech, pcmOf } from '../../testing/speech/speechScene.ts';
import { createScriptedEngine } from '../transcriber/testing/scripted.ts';
import { createBudget } from './budget.ts';

const budgetSpent = { code: 'TOO_MANY_REQUESTS', reason: 'budget_spent', retryable: false };

describe('the speech budget of a room', () => {
  test('ends a stream when it is used up, saves its last words, and refuses new streams on that day', async () => {
    await using scene = await openSpeech({ script: [{ final: 'saved' }], dailyMinutes: 0.5 });
    const watch = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 30; seq += 1) scene.push(scene.ada, streamId, seq, pcmOf(1_000));
    await expect.poll(() => watch.events.at(-1)).toMatchObject({ state: 'ended', reason: 'budget_spent' });
    expect(watch.events).toContainEqual(
      expect.objectContaining({ type: 'final', utterance: expect.objectContaining({ text: 'saved' }) }),
    );
    await expect(scene.start(scene.ada)).rejects.toMatchObject(budgetSpent);
    expect(() => scene.push(scene.ada, streamId, 30)).toThrowError(
      expect.objectContaining({ reason: 'budget_spent', retryable: false }),
    );
    await watch.leave();
  });

  test('is shown to members of the room only', async () => {
    await using scene = await openSpeech({ dailyMinutes: 2 });
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 30; seq += 1) scene.push(scene.ada, streamId, seq, pcmOf(1_000));
    await scene.speech.stop(scene.ada, streamId);
    const budget = { minutes: 2, usedMinutes: 0.5 };
    expect(await scene.speech.engine(scene.ben, scene.roomId)).toMatchObject({ budget });
    expect(await scene.speech.engine(scene.ben)).toMatchObject({ budget: null });
    const stranger = { ...scene.ben, id: 'a stranger' };
    await expect(scene.speech.engine(stranger, scene.roomId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('counts the last seconds of a stream too', async () => {
    await using scene = await openSpeech({ dailyMinutes: 2 });
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 15; seq += 1) scene.push(scene.ada, streamId, seq, pcmOf(1_000));
    await scene.speech.stop(scene.ada, streamId);
    expect(await scene.speech.engine(scene.ben, scene.roomId)).toMatchObject({
      budget: { usedMinutes: 0.25 },
    });
  });

  test('counts what an engine got, once, and not what no engine heard', async () => {
    const retryable = new AppError('SERVICE_UNAVAILABLE', 'engine_failed', 'Away.', { retryable: true });
    const refused = new AppError('SERVICE_UNAVAILABLE', 'engine_failed', 'Never.');
    for (const [engine, usedMinutes] of [
      // The first call gets one second, and the second call all three.
      [createScriptedEngine((call) => (call === 0 ? [{ fail: retryable }] : [])), 3 / 60],
      [
        {
          ...createScriptedEngine([]),
          transcribe: () => {
            throw refused;
          },
        },
        0,
      ],
    ] as const) {
      await using scene = await openSpeech({ dailyMinutes: 1, wrap: () => engine });
      const streamId = await scene.start(scene.ada);
      for (const seq of [0, 1, 2]) scene.push(scene.ada, streamId, seq, pcmOf(1_000));
      await scene.speech.stop(scene.ada, streamId);
      const { budget } = (await scene.speech.engine(scene.ben, scene.roomId)) as { budget: object };
      expect(budget).toEqual({ minutes: 1, usedMinutes });
    }
  });

  test('starts again from zero every day', async () => {
    const used = new Map<string, number>();
    const store = {
      speechSeconds: async (_: string, day: string) => used.get(day) ?? 0,
      addSpeechSeconds: async (_: string, day: string, seconds: number) => {
        used.set(day, (used.get(day) ?? 0) + seconds);
        return used.get(day) ?? 0;
      },
    };
    let now = new Date('2026-03-01T23:59:59Z');
    const budget = createBudget(store, { minutes: 1, log: createNotedLog(), now: () => now });
    expect(await budget.recordUsage('room', 59)).toBeNull();
    expect(await budget.recordUsage('room', 1)).toBeInstanceOf(AppError);
    await expect(budget.check('room')).rejects.toMatchObject(budgetSpent);
    now = new Date('2026-03-02T00:00:00Z');
    expect(await budget.check('room')).toEqual({ minutes: 1, usedMinutes: 0 });
  });

  test('stops nobody while the database is away, and logs that', async () => {
    const away = new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
    const fail = () => Promise.reject(away);
    const log = createNotedLog();
    const budget = createBudget({ speechSeconds: fail, addSpeechSeconds: fail }, { minutes: 1, log });
    expect(await budget.recordUsage('room', 10)).toBeNull();
    expect(log.notes.map(({ message }) => message)).toEqual(['could not count seconds of speech']);
  });

  test('is not counted if there is no limit', async () => {
    await using scene = await openSpeech({
      alter: () => ({ addSpeechSeconds: () => Promise.reject(new Error('counted')) }),
    });
    const streamId = await scene.start(scene.ada);
    for (let seq = 0; seq < 11; seq += 1) scene.push(scene.ada, streamId, seq, pcmOf(1_000));
    await scene.speech.stop(scene.ada, streamId);
    expect(scene.log.notes).toEqual([]);
  });
});
