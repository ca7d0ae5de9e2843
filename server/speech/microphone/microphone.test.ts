import { describe, expect, test, vi } from 'vitest';
import { openGate } from '../../../testing/openGate.ts';
import { pcmOf, SAMPLE_RATE } from '../../../testing/speechScene.ts';
import { type Gate, type LostAudio, Microphone, type MicrophoneOptions, type Spoken } from './microphone.ts';

const SECOND = SAMPLE_RATE;

function open(options: Partial<MicrophoneOptions> = {}) {
  const told = { speech: 0, quiet: [] as boolean[] };
  const microphone = new Microphone(
    { sampleRate: SAMPLE_RATE, gate: openGate(), ...options },
    {
      onSpeech: (seconds) => {
        told.speech += seconds;
      },
      onQuiet: (isQuiet) => told.quiet.push(isQuiet),
    },
  );
  return { microphone, told };
}

/** All that comes of it, once it has ended: from which sample to which, and what was lost. */
async function workOf(microphone: Microphone): Promise<(LostAudio | { from: number; to: number }[])[]> {
  microphone.end();
  return Array.fromAsync(microphone.work, async (work) => ('audio' in work ? spans(work) : work));
}

async function spans({ audio }: Spoken): Promise<{ from: number; to: number }[]> {
  return Array.fromAsync(audio, ({ at, pcm }) => ({ from: at, to: at + pcm.byteLength / 2 }));
}

/** A gate that ends the stretch before each chunk whose first sample is 0. */
function suspendingGate(): Gate {
  const gate = openGate();
  return {
    skipTo: gate.skipTo,
    take(pcm) {
      const passed = gate.take(pcm);
      const [at, silent] = [passed[0]?.at ?? 0, pcm[0] === 0];
      return silent ? [{ type: 'suspend', at }] : passed;
    },
  };
}

describe('what comes of a microphone', () => {
  test('is a stretch for each time that somebody speaks, each sample in its place', async () => {
    const { microphone, told } = open({ gate: suspendingGate() });
    for (const [seq, sample] of [1, 1, 0, 0, 1].entries()) microphone.push(seq, pcmOf(1_000, sample));
    const chunk = (n: number) => ({ from: n * SECOND, to: (n + 1) * SECOND });
    expect(await workOf(microphone)).toEqual([[chunk(0), chunk(1)], [chunk(4)]]);
    expect(told).toEqual({ speech: 3, quiet: [false, true, true, false] });
    expect(microphone.seconds).toBe(5);
  });

  test('counts what was lost before it, and how late it is', async () => {
    const before = Date.now();
    const { microphone } = open({ lostSeconds: 40, behindSeconds: 10 });
    microphone.push(0, pcmOf(1_000, 1));
    expect(Math.abs(microphone.timeOf(50) - before)).toBeLessThan(5_000);
    expect(await workOf(microphone)).toEqual([
      { from: 0, to: 40 * SECOND, reason: 'network' },
      [{ from: 40 * SECOND, to: 41 * SECOND }],
    ]);
  });

  test('shows as lost what a page that was loaded anew did not send', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    await vi.advanceTimersByTimeAsync(4_000);
    microphone.startAfresh();
    microphone.push(microphone.nextSeq, pcmOf(1_000, 1));
    vi.useRealTimers();
    expect(await workOf(microphone)).toEqual([
      [{ from: 0, to: SECOND }],
      { from: SECOND, to: 5 * SECOND, reason: 'network' },
      [{ from: 5 * SECOND, to: 6 * SECOND }],
    ]);
  });

  test('makes no word of a loss that nobody would notice, and keeps the time all the same', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    await vi.advanceTimersByTimeAsync(250);
    microphone.startAfresh();
    microphone.push(1, pcmOf(1_000, 1));
    vi.useRealTimers();
    expect(await workOf(microphone)).toEqual([
      [
        { from: 0, to: SECOND },
        { from: 1.25 * SECOND, to: 2.25 * SECOND },
      ],
    ]);
  });

  test('shows as lost the chunks that others waited for in vain', async () => {
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    microphone.push(3, pcmOf(1_000, 1));
    expect(await workOf(microphone)).toEqual([
      [{ from: 0, to: SECOND }],
      { from: SECOND, to: 3 * SECOND, reason: 'network' },
      [{ from: 3 * SECOND, to: 4 * SECOND }],
    ]);
  });

  test('comes in larger pieces while there is little time, and all of it', async () => {
    const { microphone, told } = open({ isBusy: () => true, gate: suspendingGate() });
    const chunk = SECOND / 10;
    for (const [seq, sample] of [1, 1, 1, 0, 1].entries()) microphone.push(seq, pcmOf(100, sample));
    expect(await workOf(microphone)).toEqual([
      [
        { from: 0, to: 2 * chunk },
        { from: 2 * chunk, to: 3 * chunk },
      ],
      [{ from: 4 * chunk, to: 5 * chunk }],
    ]);
    expect(told.speech).toBeCloseTo(0.4);
  });

  test('is not moved by a clock that somebody sets', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { microphone } = open();
    microphone.push(0, pcmOf(1_000, 1));
    const said = microphone.timeOf(0);
    vi.setSystemTime(0);
    microphone.push(1, pcmOf(1_000, 1));
    expect(microphone.timeOf(0)).toBe(said);
    expect(microphone.timeOf(2) - said).toBe(2_000);
    vi.useRealTimers();
  });
});
