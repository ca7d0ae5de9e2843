import { expect, test } from 'vitest';
import { createNotedLog } from '../../testing/notedLog.ts';
import { createMemoryBus } from './memory.ts';
import { describeBus } from './testing/busContract.ts';

describeBus('The bus in memory', async () => {
  const bus = createMemoryBus(createNotedLog());
  return [bus, bus];
});

test('a listener that throws keeps nothing from the others, nor from whoever publishes', () => {
  const log = createNotedLog();
  const bus = createMemoryBus(log);
  const heard: string[] = [];
  bus.subscribe('room', () => {
    throw new Error('broken');
  });
  bus.subscribe('room', ({ type }) => heard.push(type));
  bus.publish('room', { type: 'presence-wanted', process: 'here' });
  expect([heard, log.notes.length]).toEqual([['presence-wanted'], 1]);
});
