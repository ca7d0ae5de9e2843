import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeChunk } from '../../contract/chunk.ts';
import { Pump, type PumpOptions } from '../audio/pump.ts';
import type { Hearing } from '../audio/steadyMicrophone.ts';
import { ScriptedBrowser } from '../audio/testing/scriptedBrowser.ts';
import { describeFailure } from '../sdk/errors.ts';
import { randomId } from './randomId.ts';
import { SpeechTurn } from './speechTurn.ts';

let browser: ScriptedBrowser;
let openStreams: Set<string>;
let starts: { succeed: () => void; fail: () => void }[];

beforeEach(() => {
  vi.useFakeTimers();
  browser = new ScriptedBrowser();
  browser.install();
  openStreams = new Set();
  starts = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The server ends a stream that gets no audio for this long. */
const GRACE_MS = 20_000;

/** A server whose starts wait in `starts`. */
const server: Omit<PumpOptions, 'onState' | 'describe' | 'sampleRate'> = {
  start: (_input, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ streamId: string }>();
    starts.push({
      succeed: () => {
        const streamId = randomId();
        openStreams.add(streamId);
        // An aborted call gets no answer, so only the server can end its stream.
        if (signal.aborted) setTimeout(() => openStreams.delete(streamId), GRACE_MS);
        else resolve({ streamId });
      },
      fail: () => reject(new Error('lost')),
    });
    return promise;
  },
  resume: async () => ({ nextSeq: 0 }),
  push: async (bytes) => ({ nextSeq: decodeChunk(bytes).seq + 1 }),
  stop: async (streamId) => void openStreams.delete(streamId),
};

/** Presses the button: each press turns the microphone on or off, as the page does. */
function openButton() {
  const hearings: Hearing[] = [];
  const troubles: unknown[] = [];
  let turn: SpeechTurn | undefined;
  let phase = 'off';
  return {
    hearings,
    troubles,
    phase: () => phase,
    press() {
      if (turn) return void turn.stop();
      phase = 'asking';
      turn = new SpeechTurn({
        openPump: (onState) =>
          new Pump({ ...server, sampleRate: 16_000, describe: describeFailure, onState }),
        onPump: ({ type }) => {
          phase = type;
        },
        onRefused: (error) => troubles.push(error),
        onStopping: () => {
          phase = 'stopping';
        },
        onEnd: () => {
          turn = undefined;
          phase = 'off';
        },
        onHearing: (hearing) => hearings.push(hearing),
        onLevel() {},
        onLost: (problem) => {
          troubles.push(problem);
          void turn?.stop();
        },
      });
    },
  };
}

const isOn = () => browser.tracks.some(({ readyState }) => readyState === 'live');

/** Starts the microphone and lets everything succeed. */
async function speaking() {
  const button = openButton();
  button.press();
  await browser.succeedAll();
  starts.shift()?.succeed();
  await say(3);
  expect([button.phase(), button.hearings.at(-1)]).toEqual(['listening', 'heard']);
  return button;
}

/** Sound for some tenths of a second. */
async function say(tenths: number, level = 0.2): Promise<void> {
  for (let i = 0; i < tenths; i += 1) {
    browser.chunk(level);
    await vi.advanceTimersByTimeAsync(100);
  }
}

test.each(['getUserMedia', 'addModule', 'resume'])(
  'a stop while %s is open wins, and a late success is released',
  async (name) => {
    const button = openButton();
    button.press();
    await vi.advanceTimersByTimeAsync(0);
    while (browser.asked[0]?.name !== name) {
      browser.asked.shift()?.succeed();
      await vi.advanceTimersByTimeAsync(0);
    }
    button.press();
    expect(button.phase()).toBe('off');
    await browser.succeedAll();
    expect([isOn(), button.phase(), starts.length, button.troubles]).toEqual([false, 'off', 0, []]);
    expect(browser.contexts.every(({ state }) => state === 'closed')).toBe(true);
  },
);

test('a stop while the stream is starting releases the microphone, and ends a stream that starts late', async () => {
  const button = openButton();
  button.press();
  await browser.succeedAll();
  button.press();
  await vi.advanceTimersByTimeAsync(600);
  expect([isOn(), button.phase()]).toEqual([false, 'stopping']);
  starts.shift()?.succeed();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([button.phase(), openStreams.size]).toEqual(['off', 0]);
});

test('a suspended context is told within 3 s and is resumed', async () => {
  const button = await speaking();
  for (const context of browser.contexts) context.state = 'suspended';
  await vi.advanceTimersByTimeAsync(3_000);
  expect(button.hearings.at(-1)).toBe('suspended');
  await browser.succeedAll();
  expect(browser.contexts.at(-1)?.state).toBe('running');
  await say(1);
  expect(button.hearings.at(-1)).toBe('heard');
});

test('samples that stop are told within 3 s, whatever the browser says about the microphone', async () => {
  const button = await speaking();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(button.hearings.at(-1)).toBe('suspended');
});

test.each([
  ['muted', true],
  ['silent', false],
])('exact zeros are told as %s within 3 s', async (hearing, muted) => {
  const button = await speaking();
  for (const track of browser.tracks) track.muted = muted;
  await say(30, 0);
  expect(button.hearings.at(-1)).toBe(hearing);
  await say(1);
  expect(button.hearings.at(-1)).toBe('heard');
});

test('after an unplugged microphone the next one is opened, and the stream goes on', async () => {
  const button = await speaking();
  browser.tracks[0]?.stop();
  browser.tracks[0]?.dispatchEvent(new Event('ended'));
  expect(button.hearings.at(-1)).toBe('disconnected');
  await vi.advanceTimersByTimeAsync(0);
  browser.asked.shift()?.fail();
  await vi.advanceTimersByTimeAsync(0);
  expect(browser.asked).toEqual([]);
  browser.mediaDevices.dispatchEvent(new Event('devicechange'));
  await browser.succeedAll();
  await say(2);
  expect([button.hearings.at(-1), openStreams.size, isOn()]).toEqual(['heard', 1, true]);
  button.press();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([isOn(), openStreams.size]).toEqual([false, 0]);
});

test('a stop while an unplugged microphone is let go opens no other one', async () => {
  const button = await speaking();
  browser.tracks[0]?.stop();
  browser.tracks[0]?.dispatchEvent(new Event('ended'));
  button.press();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([browser.asked, isOn()]).toEqual([[], false]);
});

test('a microphone that does not come back ends the turn', async () => {
  const button = await speaking();
  browser.tracks[0]?.stop();
  for (let seconds = 0; seconds < 140; seconds += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    for (const ask of browser.asked.splice(0)) ask.fail();
  }
  expect([button.phase(), button.troubles[0]]).toEqual(['off', 'ended']);
});

test('in any interleaving, a microphone that is off is released, and its stream is ended', async () => {
  const step = fc.constantFrom(
    'press',
    'succeed',
    'fail',
    'start',
    'refuse',
    'unplug',
    'suspend',
    'wait',
    'say',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      browser = new ScriptedBrowser();
      browser.install();
      openStreams.clear();
      starts = [];
      const button = openButton();
      for (const name of steps) {
        if (name === 'press') button.press();
        if (name === 'succeed') browser.asked.shift()?.succeed();
        if (name === 'fail') browser.asked.shift()?.fail();
        if (name === 'start') starts.shift()?.succeed();
        if (name === 'refuse') starts.shift()?.fail();
        if (name === 'unplug') for (const track of browser.tracks) track.stop();
        if (name === 'suspend') for (const context of browser.contexts) context.state = 'suspended';
        if (name === 'say') browser.chunk(0.2);
        await vi.advanceTimersByTimeAsync(name === 'wait' ? 1_200 : 0);
        if (button.phase() === 'off') {
          await vi.advanceTimersByTimeAsync(0);
          expect(isOn()).toBe(false);
        }
      }
      if (button.phase() !== 'off' && button.phase() !== 'stopping') button.press();
      await vi.advanceTimersByTimeAsync(30_000);
      await browser.succeedAll();
      for (const start of starts.splice(0)) start.succeed();
      await vi.advanceTimersByTimeAsync(60_000);
      expect([button.phase(), isOn(), openStreams.size]).toEqual(['off', false, 0]);
    }),
    { numRuns: Number(process.env.RUNS ?? 150) },
  );
});
