import { expect, test } from 'vitest';
import { settled } from '../../../testing/settled.ts';
import type { PlacedAudio } from '../placedAudio.ts';
import { Intake } from './intake.ts';

type Result = IteratorResult<PlacedAudio>;

/** A source whose reads a test answers one by one, and an intake that reads it. */
function createIntake() {
  const reads: PromiseWithResolvers<Result>[] = [];
  const events: string[] = [];
  const source = {
    next() {
      const read = Promise.withResolvers<Result>();
      reads.push(read);
      return read.promise;
    },
    async return(): Promise<Result> {
      events.push('released');
      throw new Error('The source failed to close.');
    },
  };
  const owner = { wantsMore: true };
  const intake = new Intake(
    { [Symbol.asyncIterator]: () => source },
    {
      wantsMore: () => owner.wantsMore,
      onPiece: ({ at }) => events.push(`piece at ${at}`),
      onEnd: () => events.push('end'),
      onError: () => events.push('error'),
    },
  );
  const answer = async (at: number, samples = 10) => {
    reads.at(-1)?.resolve({ done: false, value: { at, pcm: new Uint8Array(2 * samples) } });
    await settled();
  };
  return { intake, owner, reads, events, answer };
}

test('it reads one piece at a time, for as long as its owner wants more', async () => {
  const { intake, owner, reads, events, answer } = createIntake();
  intake.pull();
  intake.pull();
  expect(reads).toHaveLength(1);
  await answer(0);
  expect(reads).toHaveLength(2);
  owner.wantsMore = false;
  await answer(10);
  intake.pull();
  expect(reads).toHaveLength(2);
  owner.wantsMore = true;
  intake.pull();
  expect(reads).toHaveLength(3);
  expect(events).toEqual(['piece at 0', 'piece at 10']);
});

test('it ignores an empty piece and reads on', async () => {
  const { intake, reads, events, answer } = createIntake();
  intake.pull();
  await answer(0, 0);
  expect(reads).toHaveLength(2);
  expect(events).toEqual([]);
});

test('once stopped it releases the source, reads no more, and ignores the piece that was on its way', async () => {
  const { intake, reads, events, answer } = createIntake();
  intake.pull();
  intake.stop();
  intake.stop();
  await answer(0);
  intake.pull();
  expect(reads).toHaveLength(1);
  expect(events).toEqual(['released']);
  expect(intake.ended).toBe(false);
});

test('an error of the source after the stop is ignored', async () => {
  const { intake, reads, events } = createIntake();
  intake.pull();
  intake.stop();
  reads[0]?.reject(new Error('The source failed.'));
  await settled();
  expect(events).toEqual(['released']);
  expect(intake.ended).toBe(false);
});

test('a source that has ended or failed is not released and not read again', async () => {
  for (const outcome of ['end', 'error']) {
    const { intake, reads, events } = createIntake();
    intake.pull();
    if (outcome === 'end') reads[0]?.resolve({ done: true, value: undefined });
    else reads[0]?.reject(new Error('The source failed.'));
    await settled();
    intake.pull();
    intake.stop();
    expect(events).toEqual([outcome]);
    expect(reads).toHaveLength(1);
    expect(intake.ended).toBe(true);
  }
});
