import { describe, expect, test } from 'vitest';
import type { CaptionEvent, Utterance } from '../../../contract/types.ts';
import { settled } from '../../../testing/settled.ts';
import { createTestOutlet } from '../../../testing/testOutlet.ts';
import { CaptionListener } from './captionListener.ts';

const ada = { id: 'ada', name: 'Ada' };
const event = (type: 'partial' | 'final', id: string, text: string): CaptionEvent => ({
  type,
  utterance: { id, text, streamId: 'stream' } as Utterance,
});
const streamState = (state: 'listening' | 'ended'): CaptionEvent => ({
  type: 'stream',
  engine: 'aws',
  streamId: 'stream',
  speaker: ada,
  state,
});
const shown = (events: readonly CaptionEvent[]) =>
  events.map((one) => (one.type === 'stream' ? one.state : `${one.type} ${one.utterance.text}`));

describe('a listener who keeps up', () => {
  test('gets every event, straight through the outlet', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    void listener.next();
    await settled();
    const batch = [event('partial', 'u', 'a'), event('partial', 'u', 'a b')];
    listener.receive(batch);
    expect(outlet.writes).toEqual([batch]);
    expect(outlet.writes[0]).toBe(batch);
  });

  test('gets the events from before the first read, and only after it', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    listener.receive([streamState('listening'), event('partial', 'u', 'half')]);
    expect(outlet.writes).toEqual([]);
    void listener.next();
    await settled();
    expect(shown(outlet.writes.flat())).toEqual(['listening', 'partial half']);
  });
});

describe('a listener who reads slowly gets only the newest event of each utterance, every final, in order', () => {
  const speech = [
    [event('partial', 'u1', 'one')],
    [event('partial', 'u1', 'one two')],
    [event('final', 'u1', 'one two three')],
    [event('partial', 'u2', 'four')],
    [event('partial', 'u2', 'four five')],
    [streamState('ended')],
  ];
  const newest = ['final one two three', 'partial four five', 'ended'];

  test('through an outlet', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    void listener.next();
    await settled();
    outlet.block();
    for (const batch of speech) listener.receive(batch);
    await settled();
    expect(outlet.writes).toEqual([]);
    outlet.unblock();
    await settled();
    expect(outlet.writes.map(shown)).toEqual([newest]);
    listener.receive([streamState('listening')]);
    expect(outlet.writes.map(shown)).toEqual([newest, ['listening']]);
  });

  test('through the iterator', async () => {
    const listener = new CaptionListener(ada, undefined, () => {});
    for (const batch of speech) listener.receive(batch);
    const events: CaptionEvent[] = [];
    for (const _ of newest) events.push((await listener.next()).value as CaptionEvent);
    expect(shown(events)).toEqual(newest);
  });
});

test('a listener who reads nothing is cut off with a retryable error', async () => {
  let returned = 0;
  const listener = new CaptionListener(ada, undefined, () => {
    returned += 1;
  });
  for (let i = 0; returned === 0 && i < 10_000; i += 1) listener.receive([event('final', `u${i}`, 'word')]);
  expect(returned).toBe(1);
  const read = async () => {
    for await (const _ of listener);
  };
  await expect(read()).rejects.toMatchObject({ reason: 'too_slow', retryable: true });
});

test('nothing is written for a listener who has left', async () => {
  const outlet = createTestOutlet<CaptionEvent>();
  let returned = 0;
  const listener = new CaptionListener(ada, outlet, () => {
    returned += 1;
  });
  const end = listener.next();
  await settled();
  outlet.block();
  listener.receive([streamState('listening')]);
  await listener.return();
  outlet.unblock();
  listener.receive([streamState('ended')]);
  await settled();
  expect([outlet.writes, (await end).done, returned]).toEqual([[], true, 1]);
});

test('nothing is written for a listener who has left while the outlet was free', async () => {
  const outlet = createTestOutlet<CaptionEvent>();
  const listener = new CaptionListener(ada, outlet, () => {});
  void listener.next();
  await settled();
  await listener.return();
  listener.receive([streamState('listening')]);
  await settled();
  expect(outlet.writes).toEqual([]);
});

test('a newer event moves to the end of the unread ones, through an outlet and through the iterator', async () => {
  const events = [
    event('partial', 'u1', 'one'),
    event('partial', 'u2', 'two'),
    event('partial', 'u1', 'three'),
  ];
  const expected = ['partial two', 'partial three'];
  const outlet = createTestOutlet<CaptionEvent>();
  const pushed = new CaptionListener(ada, outlet, () => {});
  for (const one of events) pushed.receive([one]);
  void pushed.next();
  await settled();
  expect(outlet.writes.map(shown)).toEqual([expected]);
  const pulled = new CaptionListener(ada, undefined, () => {});
  for (const one of events) pulled.receive([one]);
  const read = [(await pulled.next()).value, (await pulled.next()).value] as CaptionEvent[];
  expect(shown(read)).toEqual(expected);
});

test('events stay in order when they come between the drain of the outlet and the flush', async () => {
  const outlet = createTestOutlet<CaptionEvent>();
  const listener = new CaptionListener(ada, outlet, () => {});
  void listener.next();
  await settled();
  outlet.block();
  listener.receive([event('final', 'u1', 'one')]);
  outlet.unblock();
  listener.receive([event('final', 'u2', 'two')]);
  await settled();
  expect(outlet.writes.flatMap(shown)).toEqual(['final one', 'final two']);
});

test('a listener waits only once for a busy outlet, however many events come', async () => {
  const outlet = createTestOutlet<CaptionEvent>();
  let waits = 0;
  const counted = {
    write: outlet.write,
    get isBusy() {
      return outlet.isBusy;
    },
    drained: () => {
      waits += 1;
      return outlet.drained();
    },
  };
  const listener = new CaptionListener(ada, counted, () => {});
  void listener.next();
  await settled();
  outlet.block();
  for (let i = 0; i < 10; i += 1) listener.receive([event('final', `u${i}`, 'word')]);
  outlet.unblock();
  await settled();
  expect(waits).toBe(1);
  expect(outlet.writes.flat()).toHaveLength(10);
});

test.each([
  [1_000, false],
  [1_001, true],
])('a listener with %d unread events is cut off: %s', (count, isCutOff) => {
  let returned = 0;
  const listener = new CaptionListener(ada, undefined, () => {
    returned += 1;
  });
  for (let i = 0; i < count; i += 1) listener.receive([event('final', `u${i}`, 'word')]);
  expect(returned).toBe(isCutOff ? 1 : 0);
});
