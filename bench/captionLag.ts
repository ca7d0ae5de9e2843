import { setTimeout as sleep } from 'node:timers/promises';
import { encodeChunk } from '../contract/chunk.ts';
import type { Utterance } from '../contract/types.ts';
import { enter } from './person.ts';

export type LagOptions = { url: string; pcm: Uint8Array; sampleRate: number };

/**
 * One person speaks a recording in real time, and another person reads the captions.
 * @returns for each word of a final, the milliseconds from the end of the word in the audio (the engine reports this
 * time) to the first caption with the word at the reader.
 */
export async function measureCaptionLag({ url, pcm, sampleRate }: LagOptions): Promise<number[]> {
  const [speaker, reader] = await Promise.all([enter(url, 'Speaker'), enter(url, 'Reader')]);
  const room = await speaker.trpc.rooms.create.mutate({ name: 'Bench' });
  await reader.trpc.rooms.join.mutate({ roomId: room.id });

  const captions: { at: number; utterance: Utterance }[] = [];
  const subscription = reader.trpc.transcripts.live.subscribe(
    { roomId: room.id },
    {
      onData: (event) =>
        event.type !== 'stream' && captions.push({ at: performance.now(), utterance: event.utterance }),
    },
  );
  const { streamId, chunkMs } = await speaker.trpc.transcripts.start.mutate({
    roomId: room.id,
    language: 'en-US',
    sampleRate,
  });
  const chunkBytes = (2 * sampleRate * chunkMs) / 1_000;
  const startedAt = performance.now();
  for (let seq = 0; seq * chunkBytes < pcm.length; seq += 1) {
    // A microphone can send a chunk only after the last sample of the chunk.
    await sleep(Math.max(0, startedAt + (seq + 1) * chunkMs - performance.now()));
    const chunk = pcm.subarray(seq * chunkBytes, (seq + 1) * chunkBytes);
    await speaker.trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: chunk }));
  }
  await speaker.trpc.transcripts.stop.mutate({ streamId });
  subscription.unsubscribe();
  await Promise.all([speaker.leave(), reader.leave()]);
  return lagsOf(captions, startedAt);
}

function lagsOf(captions: { at: number; utterance: Utterance }[], startedAt: number): number[] {
  const finals = captions.filter(({ utterance }) => utterance.seq !== null);
  return finals.flatMap(({ utterance: final }) =>
    final.words.map((word, i) => {
      const first = captions.find(
        ({ utterance }) => utterance.id === final.id && utterance.text.split(' ')[i] === word.text,
      );
      return (first?.at ?? Number.NaN) - (startedAt + word.end * 1_000);
    }),
  );
}
