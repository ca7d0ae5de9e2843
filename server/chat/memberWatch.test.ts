import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { settled } from '../../testing/settled.ts';
import { openSpeech } from '../../testing/speech/speechScene.ts';

const FAKED = { toFake: ['setInterval' as const, 'clearInterval' as const] };

beforeEach(() => void vi.useFakeTimers(FAKED));
afterEach(() => void vi.useRealTimers());

describe('when the bus lost the event of a leave', () => {
  test('all subscriptions and the speech stream of that user end after ten seconds', async () => {
    await using scene = await openSpeech({ script: ['nothing'] });
    const visit = await scene.visit(scene.ben);
    const reading = visit.read().catch((error: unknown) => error);
    const captions = await scene.watch(scene.ben);
    const streamId = await scene.start(scene.ben);
    await scene.store.removeMember(scene.roomId, scene.ben.id);
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(await reading).toMatchObject({ reason: 'not_member' });
    expect(await captions.end).toMatchObject({ reason: 'not_member' });
    expect(() => scene.push(scene.ben, streamId, 0)).toThrowError(
      expect.objectContaining({ reason: 'stream_ended', details: { endedBecause: 'left_room' } }),
    );
  });

  test('a check that fails is repeated, and members keep their subscriptions', async () => {
    let isAway = true;
    await using scene = await openSpeech({
      alter: (store) => ({
        findMembers: (...args) => {
          if (isAway)
            throw new AppError('SERVICE_UNAVAILABLE', 'store_unavailable', 'Away.', { retryable: true });
          return store.findMembers(...args);
        },
      }),
    });
    const [ada, ben] = [await scene.watch(scene.ada), await scene.watch(scene.ben)];
    await scene.store.removeMember(scene.roomId, scene.ben.id);
    vi.advanceTimersByTime(10_000);
    await settled();
    isAway = false;
    vi.advanceTimersByTime(10_000);
    expect(await ben.end).toMatchObject({ reason: 'not_member' });
    vi.advanceTimersByTime(10_000);
    await settled();
    await ada.leave();
    expect(await ada.end).toBe('ended');
  });
});
