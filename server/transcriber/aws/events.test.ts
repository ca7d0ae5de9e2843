import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../testing/transcribe/eventStream.ts';
import { checkedEvents } from './events.ts';

const event = (bytes: number) =>
  encodeMessage({ headers: { ':event-type': 'x' }, body: Buffer.alloc(bytes, 255) });
const events = Buffer.concat([event(0), event(70_000), event(3)]);

async function* cut(bytes: Buffer, step: number) {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

describe('an event stream', () => {
  test.each([1, 3, 16, 1_000, 100_000])('passes through unchanged in pieces of %d bytes', async (step) => {
    expect(Buffer.concat(await Array.fromAsync(checkedEvents(cut(events, step))))).toEqual(events);
  });

  test.each([1, 7, 1_000])(
    'that goes on with other bytes is refused at their first length, in pieces of %d bytes',
    async (step) => {
      const page = Buffer.concat([event(5), Buffer.from('<html>')]);
      await expect(Array.fromAsync(checkedEvents(cut(page, step)))).rejects.toThrow(RangeError);
    },
  );
});
