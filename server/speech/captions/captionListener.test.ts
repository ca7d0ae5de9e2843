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
const state = (now: 'listening' | 'ended'): CaptionEvent => ({
  type: 'stream',
  engine: 'aws',
  streamId: 'stream',
  speaker: ada,
  state: now,
});
const shown = (events: readonly CaptionEvent[]) =>
  events.map((one) => (one.type === 'stream' ? one.state : `${one.type} ${one.utterance.text}`));

describe('a listener who keeps up', () => {
  test('is told every word, straight through the outlet', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    void listener.next();
    await settled();
    const batch = [event('partial', 'u', 'a'), event('partial', 'u', 'a b')];
    listener.receive(batch);
    expect(outlet.writes).toEqual([batch]);
    expect(outlet.writes[0]).toBe(batch);
  });

  test('is told what came before they asked for the first time, behind nothing', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    listener.receive([state('listening'), event('partial', 'u', 'half')]);
    expect(outlet.writes).toEqual([]);
    void listener.next();
    await settled();
    expect(shown(outlet.writes.flat())).toEqual(['listening', 'partial half']);
  });
});

describe('a listener who reads slowly is told of each utterance only the newest, and every final, in order', () => {
  const speech = [
    [event('partial', 'u1', 'one')],
    [event('partial', 'u1', 'one two')],
    [event('final', 'u1', 'one two three')],
    [event('partial', 'u2', 'four')],
    [event('partial', 'u2', 'four five')],
    [state('ended')],
  ];
  const newest = ['final one two three', 'partial four five', 'ended'];

  test('through an outlet', async () => {
    const outlet = createTestOutlet<CaptionEvent>();
    const listener = new CaptionListener(ada, outlet, () => {});
    void listener.next();
    await settled();
    outlet.block();
    for (const events of speech) listener.receive(events);
    await settled();
    expect(outlet.writes).toEqual([]);
    outlet.unblock();
    await settled();
    expect(outlet.writes.map(shown)).toEqual([newest]);
    listener.receive([state('listening')]);
    expect(outlet.writes.map(shown)).toEqual([newest, ['listening']]);
  });

  test('asking for them one by one', async () => {
    const listener = new CaptionListener(ada, undefined, () => {});
    for (const events of speech) listener.receive(events);
    const told: CaptionEvent[] = [];
    for (const _ of newest) told.push((await listener.next()).value as CaptionEvent);
    expect(shown(told)).toEqual(newest);
  });
});

test('a listener who reads nothing at all is given up, and may come again', async () => {
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

test('nothing is written for a listener who is gone', async () => {
  const outlet = createTestOutlet<CaptionEvent>();
  let returned = 0;
  const listener = new CaptionListener(ada, outlet, () => {
    returned += 1;
  });
  const end = listener.next();
  await settled();
  outlet.block();
  listener.receive([state('listening')]);
  await listener.return();
  outlet.unblock();
  listener.receive([state('ended')]);
  await settled();
  expect([outlet.writes, (await end).done, returned]).toEqual([[], true, 1]);
});
