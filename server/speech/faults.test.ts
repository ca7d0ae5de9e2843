import { afterAll, describe, expect, test, vi } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { openSpeech, type SpeechScene } from '../../testing/speechScene.ts';
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
const SUNG = ['go forward ten meters', 'hello world left right'];
/** Where nothing comes, it is noticed soon; everywhere else, a machine that is busy must not be taken for that. */
const IMPATIENT = { answerTimeoutMs: 300, pingMs: 150 };

/** Fault, what everybody in the room saw, and how many words were lost or came twice; printed at the end. */
const report: { name: string; saw: string; lost: number; doubled: number }[] = [];
afterAll(() => console.info(`${linesOf(report).join('\n')}\n`));

type Sung = { scene: SpeechScene; server: TranscribeServer; events: CaptionEvent[]; said: string[] };

/** Somebody sings into the real SDK while the service, or the way to it, has this fault once. */
async function sing({ name, fault }: FaultRow): Promise<Sung> {
  const server = await startTranscribeServer();
  const patience = ['silence', 'stall', 'freeze'].includes(fault.kind) ? IMPATIENT : {};
  const engine = createAwsEngine({
    ...{ region: 'eu-west-1', endpoint: server.url, credentials: TEST_CREDENTIALS },
    ...patience,
  });
  const scene = await openSpeech({ wrap: () => engine });
  server.setFault(fault);
  const watch = await scene.watch(scene.ben);
  const streamId = await scene.start(scene.ada);
  const audio = Buffer.concat(SUNG.map((text) => synthesizeUtterance(text, RATE)));
  const push = (seq: number, pcm: Uint8Array) => {
    try {
      scene.push(scene.ada, streamId, seq, pcm);
    } catch (error) {
      // It has ended already, as it must.
      if (watch.events.every((event) => event.type !== 'stream' || event.state !== 'ended')) throw error;
    }
  };
  const chunks = chunked(audio, 100, RATE);
  // A sentence is half sung when the fault strikes, or all is.
  const first = fault.at === 'end' ? chunks.length : 6;
  for (const [seq, pcm] of chunks.slice(0, first).entries()) push(seq, pcm);
  await vi.waitFor(() => expect(server.streams).toHaveLength(1), WAIT);
  server.setFault(undefined);
  if (fault.at !== 'end') await vi.waitFor(() => expect(server.openSessions()).toBe(0), WAIT);
  for (const [i, pcm] of chunks.slice(first).entries()) push(first + i, pcm);
  await scene.speech.stop(scene.ada, streamId);
  await vi.waitFor(() => expect(watch.events.at(-1)).toMatchObject({ state: 'ended' }), WAIT);
  await watch.leave();
  await engine.close();
  const { items } = await scene.messages.list(scene.ben, scene.roomId, { limit: 50 });
  const said = items.flatMap(({ text }) => (text ?? '').replaceAll('.', '').split(' ').filter(Boolean));
  note(name, watch.events, said);
  return { scene, server, events: watch.events, said };
}

const statesOf = (events: CaptionEvent[]) =>
  events.flatMap((event) =>
    event.type === 'stream' ? [[event.state, event.reason].filter(Boolean).join(' ')] : [],
  );

function note(name: string, events: CaptionEvent[], said: string[]): void {
  const words = SUNG.join(' ').split(' ');
  const lost = words.filter((word) => !said.includes(word)).length;
  report.push({ name, saw: statesOf(events).join(', '), lost, doubled: said.length - new Set(said).size });
}

async function end({ scene, server }: Sung): Promise<void> {
  await scene[Symbol.asyncDispose]();
  await vi.waitFor(() => expect(server.openSessions()).toBe(0), WAIT);
  await server.close();
}

describe('no word is lost or comes twice, whatever happens once to the service', () => {
  test.concurrent.each(FAULT_TABLE.filter(({ retryable }) => retryable))('$name', async (row) => {
    const sung = await sing(row);
    expect(sung.said).toEqual(SUNG.join(' ').split(' '));
    expect(statesOf(sung.events).at(-1)).toBe('ended stopped');
    await end(sung);
  });
});

describe('what cannot heal ends the stream with its reason; what was said until then stays, the rest is shown', () => {
  test.concurrent.each(FAULT_TABLE.filter(({ retryable }) => !retryable))('$name', async (row) => {
    const sung = await sing(row);
    expect(sung.events.at(-1)).toMatchObject({
      state: 'ended',
      reason: row.reason,
      message: expect.stringMatching(/\w+ .*\./),
    });
    const gaps = sung.events.filter((event) => event.type === 'final' && event.utterance.gap === 'engine');
    expect(gaps).toHaveLength(1);
    expect(new Set(sung.said).size).toBe(sung.said.length);
    await end(sung);
  });
});

/** Faults that look the same to people share a line. */
function linesOf(rows: typeof report): string[] {
  const outcome = ({ saw, lost, doubled }: (typeof report)[number]) =>
    `${saw}; words lost: ${lost}, doubled: ${doubled}`;
  return [...Map.groupBy(rows, outcome)].flatMap(([told, same]) => [
    told,
    ...same.map(({ name }) => `    ${name}`),
  ]);
}
