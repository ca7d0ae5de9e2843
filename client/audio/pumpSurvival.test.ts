import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pump, type PumpStart } from './pump.ts';
import { CHUNK_MS, CHUNK_SAMPLES, MortalServer, numberedChunk, RATE } from './testing/mortalServer.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** After so many seconds of speech, something happens to the server. */
type Act = [
  seconds: number,
  ...(
    | ['kill' | 'finish']
    /** Saves this share of what is not saved. */
    | ['save', share: number]
    | ['lostCalls' | 'lostAnswers', count: number]
    /** For so many seconds nothing, or only the database, does not answer. */
    | ['isDown' | 'isDatabaseDown', seconds: number]
  ),
];

function make(server: MortalServer, [at, what, amount]: Act, now: number): void {
  if (what === 'isDown' || what === 'isDatabaseDown') {
    if (now === at) server[what] = true;
    if (now === at + amount) server[what] = false;
  } else if (now !== at) return;
  else if (what === 'save') server.save(amount);
  else if (what === 'lostCalls' || what === 'lostAnswers') server[what] = amount;
  else server[what]();
}

type Speech = { seconds: number; acts?: Act[]; from?: number };

/** Speaks and makes the faults of `acts`. */
async function speak(
  server: MortalServer,
  pump: Pump,
  { seconds, acts = [], from = 0 }: Speech,
): Promise<void> {
  const perSecond = RATE / CHUNK_SAMPLES;
  for (let i = from * perSecond; i < (from + seconds) * perSecond; i += 1) {
    for (const act of acts) make(server, act, i / perSecond);
    await vi.advanceTimersByTimeAsync(CHUNK_MS);
    pump.add(numberedChunk(i));
  }
}

/** Turns the microphone off, and lets everything come to its end. */
async function turnOff(server: MortalServer, pump: Pump): Promise<void> {
  const finished = pump.finish();
  await vi.advanceTimersByTimeAsync(60_000);
  await finished;
  expect(vi.getTimerCount()).toBe(0);
  server.finish();
}

/** Every sample is there once and in order, or in a gap of its length at its place. @returns the seconds in gaps. */
function gapSeconds({ timeline }: MortalServer, saidSeconds: number): number {
  let next = 0;
  let lost = 0;
  for (const entry of timeline) {
    if (entry >= 0) expect(entry).toBe(next);
    else lost -= entry;
    next += entry >= 0 ? 1 : -entry;
  }
  expect(next).toBe(saidSeconds * RATE);
  return lost / RATE;
}

/** @returns the server after a speech with these faults, and the seconds that the timeline shows as gaps. */
async function survive(seconds: number, acts: Act[]): Promise<{ server: MortalServer; lostSeconds: number }> {
  vi.setSystemTime(0);
  const server = new MortalServer();
  const pump = new Pump(server.options);
  await speak(server, pump, { seconds, acts });
  Object.assign(server, { isDown: false, isDatabaseDown: false, lostCalls: 0, lostAnswers: 0 });
  await vi.advanceTimersByTimeAsync(10_000);
  await turnOff(server, pump);
  const lostSeconds = gapSeconds(server, seconds);
  const told = server.states.findLast((state) => state.type === 'gap')?.seconds ?? 0;
  // The speaker is told of the same loss. Only a chunk whose answer was lost counts as lost, although the server has it.
  if (acts.some(([, what]) => what === 'lostAnswers')) expect(told).toBeGreaterThanOrEqual(lostSeconds);
  else expect(told).toBe(lostSeconds);
  return { server, lostSeconds };
}

describe('when the process of a stream is killed, every word is in the timeline once, in order and at its time:', () => {
  test.each<[string, number, Act[]]>([
    ['before it has saved anything', 10, [[3, 'kill']]],
    [
      'after it has saved all',
      10,
      [
        [3, 'save', 1],
        [3, 'kill'],
      ],
    ],
    [
      'when it has saved a part of a chunk',
      10,
      [
        [3, 'save', 0.517],
        [3, 'kill'],
      ],
    ],
    [
      'when nothing answers for 20 s',
      60,
      [
        [3, 'save', 0.8],
        [4, 'kill'],
        [4, 'isDown', 20],
      ],
    ],
    [
      'again and again',
      20,
      [
        [2, 'kill'],
        [5, 'save', 0.3],
        [6, 'kill'],
        [6.5, 'kill'],
        [9, 'save', 0.9],
        [15, 'kill'],
      ],
    ],
    [
      'when its answers were lost',
      10,
      [
        [2, 'lostAnswers', 5],
        [3, 'save', 0.4],
        [4, 'kill'],
      ],
    ],
    [
      'when the answer of the next process is lost',
      10,
      [
        [3, 'save', 0.5],
        [3, 'kill'],
        [3.5, 'lostAnswers', 2],
      ],
    ],
    [
      'as the microphone is turned off',
      10,
      [
        [9, 'save', 0.5],
        [9.5, 'kill'],
      ],
    ],
    ['when it has saved nothing for a minute', 70, [[59, 'kill']]],
    [
      'when the database is away for 15 s',
      60,
      [
        [1, 'isDatabaseDown', 17],
        [2, 'kill'],
      ],
    ],
  ])('%s', async (_, seconds, acts) => {
    const { server, lostSeconds } = await survive(seconds, acts);
    expect(lostSeconds).toBe(0);
    // A start whose answer is lost is repeated, and its audio is older then.
    expect(Math.max(...server.timeErrorsMs.map(Math.abs))).toBeLessThanOrEqual(1);
  });

  test('if the process lives, it saves the rest, and nothing is said again', async () => {
    const { lostSeconds } = await survive(10, [
      [2, 'save', 0.5],
      [4, 'finish'],
      [6, 'save', 0.2],
      [6.5, 'finish'],
    ]);
    expect(lostSeconds).toBe(0);
  });

  test('words older than a minute are one gap of their true length', async () => {
    const { server, lostSeconds } = await survive(90, [
      [10, 'save', 1],
      [82, 'kill'],
      [82, 'isDown', 1],
    ]);
    expect(server.timeline.filter((entry) => entry < 0)).toHaveLength(1);
    // The seconds 10 to 83, less the minute that is kept.
    expect(lostSeconds).toBeGreaterThan(12);
    expect(lostSeconds).toBeLessThan(14.5);
  });

  test('a gap is told again if its process is killed before it has saved it', async () => {
    const { lostSeconds } = await survive(90, [
      [1, 'isDown', 69],
      [71, 'kill'],
      [72, 'kill'],
      [80, 'save', 1],
    ]);
    expect(lostSeconds).toBeGreaterThan(8);
  });

  test('a speech of many minutes is no gap, because it was saved', async () => {
    const saves = Array.from({ length: 14 }, (_, i): Act => [10 * i, 'save', 1]);
    expect((await survive(150, [...saves, [145, 'kill']])).lostSeconds).toBe(0);
  });

  test('the last words are sent to the next process, if the stop fails', async () => {
    const server = new MortalServer();
    const pump = new Pump(server.options);
    await speak(server, pump, { seconds: 5 });
    await vi.advanceTimersByTimeAsync(0);
    server.save(0.25);
    const off = turnOff(server, pump);
    server.kill();
    await off;
    expect(gapSeconds(server, 5)).toBe(0);
  });
});

test('the pump asks how far its audio is saved once in ten seconds of it', async () => {
  const { server } = await survive(39, [
    [5, 'save', 1],
    [20, 'save', 1],
    [35, 'save', 1],
  ]);
  expect(server.resumes).toHaveLength(3);
  expect(server.resumes.every(({ fresh, keepsAudio }) => !fresh && keepsAudio)).toBe(true);
});

test('audio of the page before a reload that was not saved is a gap', async () => {
  const server = new MortalServer();
  const before = new Pump(server.options);
  await speak(server, before, { seconds: 4 });
  await vi.advanceTimersByTimeAsync(0);
  server.save(0.25);
  before.close();
  const start: PumpStart = { resumeStreamId: '00000000-0000-7000-8000-000000000000' };
  const pump = new Pump(server.options, start);
  await speak(server, pump, { from: 4, seconds: 4, acts: [[5, 'kill']] });
  await turnOff(server, pump);
  expect(gapSeconds(server, 8)).toBe(3);
});

/** More runs: RUNS=2000 npx vitest run client/audio/pumpSurvival.test.ts */
const RUNS = Number(process.env.RUNS ?? 60);
const LONGEST = 100;
const at = fc.nat(2 * LONGEST).map((half) => half / 2);
const seconds = (max: number) => fc.integer({ min: 1, max: 2 * max }).map((half) => half / 2);
const anyAct = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(at, fc.constant('save' as const), fc.double({ min: 0, max: 1, noNaN: true })),
  },
  { weight: 4, arbitrary: fc.tuple(at, fc.constant('kill' as const)) },
  { weight: 1, arbitrary: fc.tuple(at, fc.constant('finish' as const)) },
  {
    weight: 4,
    arbitrary: fc.tuple(at, fc.constantFrom('lostCalls' as const, 'lostAnswers' as const), fc.nat(20)),
  },
  { weight: 2, arbitrary: fc.tuple(at, fc.constant('isDown' as const), seconds(80)) },
  { weight: 1, arbitrary: fc.tuple(at, fc.constant('isDatabaseDown' as const), seconds(20)) },
);

test('whatever is acked, saved, killed and resumed in any order: each sample is heard once, or told as a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAct, { maxLength: 12 }),
      fc.integer({ min: 1, max: LONGEST }),
      async (acts, length) => {
        await survive(length, acts);
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 200_000 },
  );
}, 600_000);
