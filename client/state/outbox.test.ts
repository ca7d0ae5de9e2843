import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { describeFailure } from '../sdk/errors.ts';
import { Outbox, type Pending } from './outbox.ts';
import { createMemoryStorage } from './testing/memoryStorage.ts';

type Reply = 'kept' | 'lost' | 'refused';

const refusal = () =>
  TRPCClientError.from({
    error: {
      code: -32_600,
      message: 'Not for you.',
      data: { code: 'FORBIDDEN', reason: 'not_member', retryable: false },
    },
  });

/** An outbox with a server whose replies are scripted. After the script it keeps every message. */
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
  test('sends messages in the order in which they were written, and forgets sent ones', async () => {
    const setup = open();
    for (const text of ['one', 'two', 'three']) setup.outbox.add(text);
    expect(setup.shown().map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    await soon();
    expect(setup.kept()).toEqual(['one', 'two', 'three']);
    expect([setup.shown(), setup.storage.length]).toEqual([[], 0]);
  });

  test('repeats a message without an answer, with the same clientId, before later messages', async () => {
    const setup = open(undefined, ['lost', 'lost']);
    for (const text of ['one', 'two']) setup.outbox.add(text);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(setup.sent()).toEqual(['one', 'one', 'one', 'two']);
    expect(new Set(setup.ids()).size).toBe(2);
    expect(setup.kept()).toEqual(['one', 'two']);
  });

  test('retries at once after retryNow', async () => {
    const setup = open(undefined, ['lost']);
    setup.outbox.add('one');
    await soon();
    expect(setup.kept()).toEqual([]);
    setup.outbox.retryNow();
    await soon();
    expect(setup.kept()).toEqual(['one']);
  });

  test('leaves a refused message to its author, and sends the next one', async () => {
    const setup = open(undefined, ['refused', 'kept', 'refused']);
    for (const text of ['one', 'two']) setup.outbox.add(text);
    await soon();
    expect(setup.kept()).toEqual(['two']);
    const [failed] = setup.shown();
    expect(failed).toMatchObject({ text: 'one', failure: { reason: 'not_member', message: 'Not for you.' } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(setup.sent()).toEqual(['one', 'two']);
    setup.outbox.resend(failed?.clientId ?? '');
    await soon();
    setup.outbox.resend(failed?.clientId ?? '');
    await soon();
    expect(setup.kept()).toEqual(['two', 'one']);
    expect(new Set(setup.ids()).size).toBe(2);
  });

  test('forgets a message that its author discards', async () => {
    const setup = open(undefined, ['refused']);
    setup.outbox.add('one');
    await soon();
    setup.outbox.discard(setup.shown()[0]?.clientId ?? '');
    expect([setup.shown(), setup.storage.length]).toEqual([[], 0]);
  });

  test('after a reload sends unsent messages, and still shows a refused one', async () => {
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

  test('sends nothing after it is closed', async () => {
    const setup = open(undefined, ['lost']);
    for (const text of ['one', 'two']) setup.outbox.add(text);
    await soon();
    setup.outbox.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(setup.sent()).toEqual(['one']);
  });

  test('works with a storage that is damaged or full', async () => {
    const storage = createMemoryStorage();
    storage.setItem('roomscribe.outbox.ada.hall.x', '{"clientId":');
    storage.setItem('roomscribe.outbox.ada.hall.y', '{"text":5}');
    storage.setItem('roomscribe.outbox.ben.hall.z', 'not ours');
    const setup = open(storage);
    expect([setup.shown(), storage.length]).toEqual([[], 1]);
    storage.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    setup.outbox.add('one');
    await soon();
    expect(setup.kept()).toEqual(['one']);
  });
});
