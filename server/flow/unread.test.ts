import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { upTo } from '../../db/testing/material.ts';
import { Unread } from './unread.ts';
import { answerInTurn, createWork } from './work.ts';

const LONG = 'x'.repeat(1_024 * 1_024);

describe('the answers that a person has not taken', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('count by their length as JSON, at least by half of it, and no longer when they are taken', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = Buffer.byteLength(JSON.stringify(value));
        const unread = new Unread(json / 2 - 1);
        const answer = unread.answerTo('Ada');
        answer.add(value);
        expect(unread.isFull('Ada')).toBe(true);
        expect(unread.isFull('Ben')).toBe(false);
        answer.taken();
        answer.taken();
        answer.add(value);
        vi.runAllTimers();
        expect(unread.isFull('Ada')).toBe(false);
      }),
    );
  });

  test('make no room before a line of 64 Mbit/s could have taken them', () => {
    const unread = new Unread(1);
    const answer = unread.answerTo('Ada');
    answer.add(LONG);
    answer.taken();
    vi.advanceTimersByTime(120);
    expect(unread.isFull('Ada')).toBe(true);
    vi.advanceTimersByTime(20);
    expect(unread.isFull('Ada')).toBe(false);
  });
});

describe('a person who leaves much unread', () => {
  const ada = { userId: 'Ada', address: 'home' };

  function createScene() {
    const work = createWork();
    let made = 0;
    const ask = (
      caller: { userId: string; address: string },
      answer = work.unread.answerTo(caller.userId),
    ) => {
      const run = async () => {
        made += 1;
        return LONG;
      };
      const done = answerInTurn(work, 'reads', {
        caller: { ...caller, answer },
        gone: undefined,
        run,
        contentOf: String,
      });
      return { answer, done };
    };
    return { work, ask, made: () => made };
  }

  test('gets no further answer before some of it is taken; others do', async () => {
    const { work, ask, made } = createScene();
    const asked = upTo(20).map(() => ask(ada));
    await vi.waitFor(() => expect(work.unread.isFull('Ada')).toBe(true));
    await ask({ userId: 'Ben', address: 'home' }).done;
    const before = made() - 1;
    expect(before).toBeLessThan(5);
    for (const { done, answer } of asked) {
      await done;
      answer.taken();
    }
    expect(made()).toBe(21);
  });

  test('is refused the rest of a request whose answer is too long: nobody takes half an answer', async () => {
    const { work, ask, made } = createScene();
    const answer = work.unread.answerTo('Ada');
    const outcomes = await Promise.allSettled(upTo(100).map(() => ask(ada, answer).done));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(made()).toBeLessThan(5);
    expect(refused).toHaveLength(100 - made());
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ reason: 'too_many_calls', retryable: true });
    }
    answer.taken();
    await ask(ada).done;
  });
});
