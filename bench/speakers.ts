import { setTimeout as sleep } from 'node:timers/promises';
import { encodeChunk } from '../contract/chunk.ts';
import { enter, type Person } from './person.ts';

const SAMPLE_RATE = 16_000;

export type SpeakersOptions = { url: string; speakers: number; seconds: number };

/**
 * `speakers` people speak at once for `seconds`, in real time, each in a room of their own.
 * @returns for each chunk, the milliseconds from send to ack.
 */
export async function measureAcks({ url, speakers, seconds }: SpeakersOptions): Promise<number[]> {
  const people = await Promise.all(
    Array.from({ length: speakers }, (_, i) => enter(url, `Speaker ${i + 1}`)),
  );
  const measured = await Promise.all(people.map((person, i) => speak(person, seconds, i / speakers)));
  await Promise.all(people.map((person) => person.leave()));
  return measured.flat();
}

/** @param phase delays this speaker by a part (0 to 1) of a chunk, so that not all speakers send at the same instant. */
async function speak({ trpc }: Person, seconds: number, phase: number): Promise<number[]> {
  const room = await trpc.rooms.create.mutate({ name: 'Bench' });
  const options = { roomId: room.id, language: 'en-US', sampleRate: SAMPLE_RATE };
  const { streamId, chunkMs } = await trpc.transcripts.start.mutate(options);
  const pcm = hum(chunkMs);
  const acks: Promise<number>[] = [];
  const startedAt = performance.now() + phase * chunkMs;
  for (let seq = 0; seq < (seconds * 1_000) / chunkMs; seq += 1) {
    await sleep(Math.max(0, startedAt + seq * chunkMs - performance.now()));
    const sentAt = performance.now();
    const push = trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm }));
    acks.push(push.then(() => performance.now() - sentAt));
  }
  const measured = await Promise.all(acks);
  await trpc.transcripts.stop.mutate({ streamId });
  return measured;
}

/** A quiet hum, which is not speech. */
function hum(ms: number): Uint8Array {
  const samples = Int16Array.from({ length: (SAMPLE_RATE * ms) / 1_000 }, (_, i) => 600 * Math.sin(i / 20));
  return new Uint8Array(samples.buffer);
}
