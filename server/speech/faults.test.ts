import { afterAll, describe, expect, test, vi } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { openSpeech, type SpeechScene, statesOf } from '../../testing/speech/speechScene.ts';
import { createAwsEngine } from '../transcriber/aws/engine.ts';
import { chunked } from '../transcriber/testing/audio.ts';
import { FAULT_TABLE, type FaultRow } from '../transcriber/testing/transcribe/faultTable.ts';
import { synthesizeUtterance } from '../transcriber/testing/transcribe/toneRecognizer.ts';
import {
  startTranscribeServer,
  TEST_CREDENTIALS,
  type TranscribeServer,
} from '../transcriber/testing/transcribe/transcribeServer.ts';

const RATE = 16_000;
const WAIT = { interval: 10, timeout: 10_000 };
const SENTENCES = ['go forward ten meters', 'hello world left right'];
/** Short timeouts for the faults in which nothing comes. In the others, a busy machine would trip them. */
const SHORT_TIMEOUTS = { answerTimeoutMs: 300, pingMs: 150 };

/** For each fault: the states that the room saw, and how many words were lost or doubled. Printed at the end. */
const report: { name: string; states: string; lost: number; doubled: number }[] = [];
afterAll(() => console.info(`${linesOf(report).join('\n')}\n`));

/** `words`: the words of the saved messages, in order. */
type Outcome = { scene: SpeechScene; server: TranscribeServer; events: CaptionEvent[]; words: string[] };

/** Sends synthetic speech through the real SDK. The service, or the connection to it, has this fault once. */
async function runWithFault({ name, fault }: FaultRow): Promise<Outcome> {
  const server = await startTranscribeServer();
  const timeouts = ['silence', 'stall', 'freeze'].includes(fault.kind) ? SHORT_TIMEOUTS : {};
  const engine = createAwsEngine({
    ...{ region: 'eu-west-1', endpoint: server.url, credentials: TEST_CREDENTIALS },
    ...timeouts,
  });
  const scene = await openSpeech({ wrap: () => engine });
  server.setFault(fault);
  const watch = await scene.watch(scene.ben);
  const streamId = await scene.start(scene.ada);
  const audio = Buffer.concat(SENTENCES.map((text) => synthesizeUtterance(text, RATE)));
  const push = (seq: number, pcm: Uint8Array) => {
    try {
      scene.push(scene.ada, streamId, seq, pcm);
    } catch (error) {
      // The push may fail only if the stream has ended.
      if (watch.events.every((event) => event.type !== 'stream' || event.state !== 'ended')) throw error;
    }
  };
  const chunks = chunked(audio, 100, RATE);
  // The fault strikes in the middle of a sentence, or after all audio.
  const chunksBefore = fault.at === 'end' ? chunks.length : 6;
  for (const [seq, pcm] of chunks.slice(0, chunksBefore).entries()) push(seq, pcm);
  await vi.waitFor(() => expect(server.streams.length).toBeGreaterThan(0), WAIT);
  server.setFault(undefined);
  // On a busy machine the next call may begin before this test has seen that the first one is over.
  const isFirstCallOver = () => server.openSessions() === 0 || server.streams.length > 1;
  if (fault.at !== 'end') await vi.waitFor(() => expect(isFirstCallOver()).toBe(true), WAIT);
  for (const [i, pcm] of chunks.slice(chunksBefore).entries()) push(chunksBefore + i, pcm);
  await scene.speech.stop(scene.ada, streamId);
  await vi.waitFor(() => expect(watch.events.at(-1)).toMatchObject({ state: 'ended' }), WAIT);
  await watch.leave();
  await engine.close();
  const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 50 });
  const words = items.flatMap(({ text }) => (text ?? '').replaceAll('.', '').split(' ').filter(Boolean));
  addToReport(name, watch.events, words);
  return { scene, server, events: watch.events, words };
}

function addToReport(name: string, events: CaptionEvent[], words: string[]): void {
  const expected = SENTENCES.join(' ').split(' ');
  const lost = expected.filter((word) => !words.includes(word)).length;
  const doubled = words.length - new Set(words).size;
  report.push({ name, states: statesOf(events).join(', '), lost, doubled });
}

async function close({ scene, server }: Outcome): Promise<void> {
  await scene[Symbol.asyncDispose]();
  await vi.waitFor(() => expect(server.openSessions()).toBe(0), WAIT);
  await server.close();
}

describe('after one retryable fault of the service, no word is lost and none is doubled', () => {
  test.concurrent.each(FAULT_TABLE.filter(({ retryable }) => retryable))('$name', async (row) => {
    const outcome = await runWithFault(row);
    expect(outcome.words).toEqual(SENTENCES.join(' ').split(' '));
    expect(statesOf(outcome.events).at(-1)).toBe('ended stopped');
    await close(outcome);
  });
});

describe('a permanent fault ends the stream with its reason, keeps the words before it, and shows one gap', () => {
  test.concurrent.each(FAULT_TABLE.filter(({ retryable }) => !retryable))('$name', async (row) => {
    const outcome = await runWithFault(row);
    expect(outcome.events.at(-1)).toMatchObject({
      state: 'ended',
      reason: row.reason,
      message: expect.stringMatching(/\w+ .*\./),
    });
    const gaps = outcome.events.filter((event) => event.type === 'final' && event.utterance.gap === 'engine');
    expect(gaps).toHaveLength(1);
    expect(new Set(outcome.words).size).toBe(outcome.words.length);
    await close(outcome);
  });
});

/** The lines of the report: each outcome, followed by the faults that had it. */
function linesOf(rows: typeof report): string[] {
  const summaryOf = ({ states, lost, doubled }: (typeof report)[number]) =>
    `${states}; words lost: ${lost}, doubled: ${doubled}`;
  return [...Map.groupBy(rows, summaryOf)].flatMap(([summary, same]) => [
    summary,
    ...same.map(({ name }) => `    ${name}`),
  ]);
}
