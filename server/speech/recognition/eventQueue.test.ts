import { expect, test } from 'vitest';
import { brief, resultAt } from '../../../testing/speech/recognitionScene.ts';
import { EventQueue } from './eventQueue.ts';
import type { RecognitionEvent } from './types.ts';

async function readAll(queue: EventQueue): Promise<RecognitionEvent[]> {
  queue.end();
  const events = [];
  for await (const event of queue) events.push(event);
  return events;
}

test('a newer partial or final replaces an unread partial of the same utterance', async () => {
  const queue = new EventQueue();
  queue.push(resultAt(0, 'one'));
  queue.push(resultAt(0, 'one two'));
  queue.push(resultAt(5, 'other', { utteranceId: 'b' }));
  queue.push(resultAt(0, 'one two three', { type: 'final' }));
  expect(queue).toHaveLength(2);
  expect((await readAll(queue)).map(brief)).toEqual(['b: other', 'a. one two three']);
});

test('finals, gaps and states that are unread are never dropped', async () => {
  const queue = new EventQueue();
  queue.pushState('listening', 'aws', {});
  queue.push({ type: 'gap', start: 0, end: 1, reason: 'engine' });
  queue.push({ type: 'queued', place: 1 });
  queue.pushAll([resultAt(0, 'one', { type: 'final' }), resultAt(0, 'one')]);
  expect((await readAll(queue)).map(brief)).toEqual([
    'listening aws',
    'gap 0 to 1 engine',
    'queued 1',
    'a. one',
    'a: one',
  ]);
});

test('a state has a reason and a message only together', async () => {
  const queue = new EventQueue();
  const detail = { reason: 'failover', message: 'Sherpa listens.' };
  queue.pushState('listening', 'aws', {});
  queue.pushState('recovering', 'aws', { reason: 'deaf' });
  queue.pushState('listening', 'sherpa', detail);
  expect(await readAll(queue)).toStrictEqual([
    { type: 'state', state: 'listening', engine: 'aws' },
    { type: 'state', state: 'recovering', engine: 'aws' },
    { type: 'state', state: 'listening', engine: 'sherpa', ...detail },
  ]);
});
