import { expect, test } from 'vitest';
import { settled } from '../../../testing/settled.ts';
import { CallAudio } from './callAudio.ts';
import { RingBuffer } from './ringBuffer.ts';

const SAMPLE_RATE = 10;
const second = (at: number) => ({ at: at * SAMPLE_RATE, pcm: new Uint8Array(2 * SAMPLE_RATE).fill(at) });

/** The audio of a call over a ring buffer of three seconds. */
function createAudio() {
  const ring = new RingBuffer(3 * SAMPLE_RATE, { mayEvict: () => true, onEvict: () => {} });
  const owner = { audioEnded: false, maySend: true };
  const events: string[] = [];
  const audio = new CallAudio(ring, SAMPLE_RATE, {
    audioEnded: () => owner.audioEnded,
    maySend: () => owner.maySend,
    onDemand: () => events.push('demand'),
    onSent: (samples) => events.push(`sent ${samples}`),
  });
  return { ring, owner, audio, events };
}

test('the engine gets what the ring buffer holds, then what comes, then the end', async () => {
  const { ring, owner, audio, events } = createAudio();
  ring.append(second(5));
  expect((await audio.next()).value?.[0]).toBe(5);
  expect(audio.hasUnsent).toBe(false);
  const pending = audio.next();
  expect(audio.isWaiting).toBe(true);
  ring.append(second(8));
  expect(audio.hasUnsent).toBe(true);
  audio.deliver();
  expect((await pending).value?.[0]).toBe(8);
  expect(events).toEqual(['sent 10', 'demand', 'demand', 'sent 10', 'demand']);
  owner.audioEnded = true;
  expect(audio).toMatchObject({ hasUnsent: true, endSent: false, isWaiting: false });
  expect(await audio.next()).toEqual({ done: true, value: undefined });
  expect(audio).toMatchObject({ hasUnsent: false, endSent: true });
  expect(events.slice(5)).toEqual(['sent 0', 'demand']);
});

test('two reads at once get the same piece, so that none is lost', async () => {
  const { ring, audio } = createAudio();
  const reads = [audio.next(), audio.next()];
  ring.append(second(1));
  ring.append(second(2));
  audio.deliver();
  expect((await Promise.all(reads)).map(({ value }) => value?.[0])).toEqual([1, 1]);
  expect((await audio.next()).value?.[0]).toBe(2);
});

test('the engine gets nothing while it is held back', async () => {
  const { ring, owner, audio } = createAudio();
  owner.maySend = false;
  ring.append(second(1));
  const pending = audio.next();
  await settled();
  expect(audio.isWaiting).toBe(true);
  owner.maySend = true;
  audio.deliver();
  expect((await pending).value?.[0]).toBe(1);
});

test('a piece that was evicted unsent is skipped', async () => {
  const { ring, audio } = createAudio();
  for (let at = 0; at < 5; at += 1) ring.append(second(at));
  expect(audio.cursor).toBe(2);
  expect((await audio.next()).value?.[0]).toBe(2);
  expect(audio.cursor).toBe(3);
});

test('it ends where audio was lost that comes next: evicted after a start, or never arrived', async () => {
  const { ring, audio } = createAudio();
  ring.append(second(0));
  expect((await audio.next()).value?.[0]).toBe(0);
  for (let at = 1; at < 5; at += 1) ring.append(second(at));
  expect(await audio.next()).toEqual({ done: true, value: undefined });
  expect(audio).toMatchObject({ endSent: true, cursor: 1 });
  expect([audio.hasSent(0), audio.hasSent(1)]).toEqual([true, false]);

  const other = createAudio();
  other.ring.append(second(0));
  other.ring.append({ at: 10, pcm: new Uint8Array(0), lost: { from: 10, to: 50, reason: 'network' } });
  other.ring.append(second(5));
  await other.audio.next();
  expect(await other.audio.next()).toEqual({ done: true, value: undefined });
});

test('its first sample stays the same when the ring buffer drops it', async () => {
  const { ring, audio } = createAudio();
  ring.append(second(4));
  expect(audio.firstSample).toBe(4 * SAMPLE_RATE);
  await audio.next();
  ring.append(second(5));
  ring.dropBefore(5 * SAMPLE_RATE);
  expect(audio.firstSample).toBe(4 * SAMPLE_RATE);
});

test('a closed audio ends a pending read and every later one, and reports nothing more', async () => {
  const { ring, audio, events } = createAudio();
  const pending = audio.next();
  events.length = 0;
  audio.close();
  expect((await pending).done).toBe(true);
  ring.append(second(1));
  expect((await audio.next()).done).toBe(true);
  expect(audio.endSent).toBe(false);
  expect(events).toEqual([]);
});

test('an engine that returns early closes its audio', async () => {
  const { ring, audio } = createAudio();
  ring.append(second(1));
  await audio.return();
  expect((await audio.next()).done).toBe(true);
});
