import { expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { batchClient, binaryClient, type Client, httpClient, refusal } from '../../testing/clients.ts';
import { openServer } from '../../testing/liveServer.ts';
import { pcmOf, SAMPLE_RATE } from '../../testing/speech/speechScene.ts';

const CLIENTS: [string, (url: string, token: string) => { trpc: Client; close: () => Promise<void> }][] = [
  ['HTTP', (url, token) => ({ trpc: httpClient(url, token), close: async () => {} })],
  ['HTTP in batches', (url, token) => ({ trpc: batchClient(url, token), close: async () => {} })],
  ['a WebSocket', binaryClient],
];

test.each(CLIENTS)(
  'over %s, only a client that keeps its audio is told how far it is saved',
  async (_, open) => {
    await using server = await openServer({ script: ['nothing', { final: 'one' }] });
    const { token } = await server.enter('Ada');
    const { trpc, close } = open(server.url, token);
    const { id: roomId } = await trpc.rooms.create.mutate({ name: 'Hall' });
    const { streamId } = await trpc.transcripts.start.mutate({
      roomId,
      language: 'en-US',
      sampleRate: SAMPLE_RATE,
    });
    for (const seq of [0, 1, 2]) {
      await trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: pcmOf(100) }));
    }
    expect(await trpc.transcripts.resume.mutate({ streamId })).toEqual({ nextSeq: 3 });
    const saved = { nextSeq: 3, heardUntil: { seq: 2, samples: 0 } };
    await expect.poll(() => trpc.transcripts.resume.mutate({ streamId, keepsAudio: true })).toEqual(saved);
    expect(await trpc.transcripts.resume.mutate({ streamId, fresh: true, keepsAudio: true })).toEqual(saved);

    await trpc.transcripts.stop.mutate({ streamId });
    const details = async (keepsAudio: boolean) =>
      (await refusal(trpc.transcripts.resume.mutate({ streamId, keepsAudio }))).details;
    expect(await details(false)).toEqual({ endedBecause: 'stopped' });
    expect(await details(true)).toEqual({ endedBecause: 'stopped', heardSeq: 3, heardSamples: 0 });
    await close();
  },
);
