import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { describeFailure } from '../sdk/errors.ts';
import { Outbox, type Pending } from './outbox.ts';
import { createMemoryStorage } from './storage.ts';

type Reply = 'kept' | 'lost' | 'refused';

const refusal = () =>
  TRPCClientError.from({
    error: {
      code: -32_600,
      message: 'Not for you.',
      data: { code: 'FORBIDDEN', reason: 'not_member', retryable: false },
    },
  });

/** An outbox before a server that answers as told; without further orders it keeps everything. */
function open(storage = createMemoryStorage(), replies: Reply[] = []) {
  const sent: Pending[] = [];
  const kept: Message[] = [];
  let shown: Pending[] = [];
  const outbox = new Outbox({
    storage,
    name: 'ada.hall',
    async send(pending) {
      sent.push(pending);
      const reply = replies.shift() ?? 'kept';
      if (reply === 'lost') throw new Error('socket closed');
      if (reply === 'refused') throw refusal();
      return { clientId: pending.clientId, text: pending.text } as Message;
    },
    describe: describeFailure,
    onChange: (pending) => {
      shown = pending;
    },
    onSent: (message) => kept.push(message),
  });
  const texts = (items: { text: string | null }[]) => items.map(({ text }) => text);
  return {
    outbox,
    storage,
    sent: () => texts(sent),
    ids: () => sent.map(({ clientId }) => clientId),
    kept: () => texts(kept),
    shown: () => shown,
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const soon = () => vi.advanceTimersByTimeAsync(0);

describe('the outbox', () => {
  test('sends in the order in which it was written, and keeps nothing that was sent', async () => {
    const scene = open();
    for (const text of ['one', 'two', 'three']) scene.outbox.add(text);
    expect(scene.shown().map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    await soon();
    expect(scene.kept()).toEqual(['one', 'two', 'three']);
    expect([scene.shown(), scene.storage.length]).toEqual([[], 0]);
  });

  test('tries again what has no answer, under the same clientId, before what was written later', async () => {
    const scene = open(undefined, ['lost', 'lost']);
    for (const text of ['one', 'two']) scene.outbox.add(text);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scene.sent()).toEqual(['one', 'one', 'one', 'two']);
    expect(new Set(scene.ids()).size).toBe(2);
    expect(scene.kept()).toEqual(['one', 'two']);
  });

  test('tries at once when it is woken', async () => {
    const scene = open(undefined, ['lost']);
    scene.outbox.add('one');
    await soon();
    expect(scene.kept()).toEqual([]);
    scene.outbox.wake();
    await soon();
    expect(scene.kept()).toEqual(['one']);
  });

  test('leaves what is refused to its author, and goes on with the next', async () => {
    const scene = open(undefined, ['refused', 'kept', 'refused']);
    for (const text of ['one', 'two']) scene.outbox.add(text);
    await soon();
    expect(scene.kept()).toEqual(['two']);
    const [failed] = scene.shown();
    expect(failed).toMatchObject({ text: 'one', failure: { reason: 'not_member', message: 'Not for you.' } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(scene.sent()).toEqual(['one', 'two']);
    scene.outbox.resend(failed?.clientId ?? '');
    await soon();
    scene.outbox.resend(failed?.clientId ?? '');
    await soon();
    expect(scene.kept()).toEqual(['two', 'one']);
    expect(new Set(scene.ids()).size).toBe(2);
  });

  test('forgets what its author discards', async () => {
    const scene = open(undefined, ['refused']);
    scene.outbox.add('one');
    await soon();
    scene.outbox.discard(scene.shown()[0]?.clientId ?? '');
    expect([scene.shown(), scene.storage.length]).toEqual([[], 0]);
  });

  test('survives a reload: what was not sent is sent by the next page, what was refused still waits', async () => {
    const before = open(undefined, ['refused', 'lost']);
    for (const text of ['refused', 'one', 'two']) before.outbox.add(text);
    await soon();
    before.outbox.close();
    const after = open(before.storage);
    await soon();
    expect(after.sent()).toEqual(['one', 'two']);
    expect(after.ids()[0]).toBe(before.ids()[1]);
    expect(after.shown().map(({ text }) => text)).toEqual(['refused']);
  });

  test('sends nothing more once it is closed', async () => {
    const scene = open(undefined, ['lost']);
    for (const text of ['one', 'two']) scene.outbox.add(text);
    await soon();
    scene.outbox.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(scene.sent()).toEqual(['one']);
  });

  test('opens over a storage that is damaged or full', async () => {
    const storage = createMemoryStorage();
    storage.setItem('roomscribe.outbox.ada.hall.x', '{"clientId":');
    storage.setItem('roomscribe.outbox.ada.hall.y', '{"text":5}');
    storage.setItem('roomscribe.outbox.ben.hall.z', 'not ours');
    const scene = open(storage);
    expect([scene.shown(), storage.length]).toEqual([[], 1]);
    storage.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    scene.outbox.add('one');
    await soon();
    expect(scene.kept()).toEqual(['one']);
  });
});
