import { expect, test } from 'vitest';
import { createNotedLog } from '../../testing/notedLog.ts';
import { createMemoryBus } from './memory.ts';
import { describeBus } from './testing/busContract.ts';

describeBus('The bus in memory', async () => {
  const bus = createMemoryBus(createNotedLog());
  return [bus, bus];
});

test('a listener that throws is logged and stops neither the other listeners nor the publisher', () => {
  const log = createNotedLog();
  const bus = createMemoryBus(log);
  const received: string[] = [];
  bus.subscribe('room', () => {
    throw new Error('broken');
  });
  bus.subscribe('room', ({ type }) => received.push(type));
  bus.publish('room', { type: 'presence-wanted', process: 'here' });
  expect([received, log.notes.length]).toEqual([['presence-wanted'], 1]);
});
