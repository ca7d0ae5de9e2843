import { expect, test } from 'vitest';
import { encodeChunk } from '../../contract/chunk.ts';
import { binaryClient } from '../../testing/clients.ts';
import { openServer } from '../../testing/liveServer.ts';
import { pcmOf, SAMPLE_RATE } from '../../testing/speech/speechScene.ts';

test('/metrics reports streams, audio, caption lag and gaps in Prometheus’s text format', async () => {
  await using server = await openServer({ script: [{ partial: 'he' }, { final: 'hello' }] });
  const { token } = await server.enter('Ada');
  await using client = binaryClient(server.url, token);
  const room = await client.trpc.rooms.create.mutate({ name: 'Metrics' });
  const start = { roomId: room.id, language: 'en-US', sampleRate: SAMPLE_RATE };
  const { streamId } = await client.trpc.transcripts.start.mutate({ ...start, lostSeconds: 4 });
  for (const seq of [0, 1]) {
    await client.trpc.transcripts.push.mutate(encodeChunk({ streamId, seq, pcm: pcmOf(1_000) }));
  }
  const whileSpeaking = await scrape(server.url);
  expect(whileSpeaking('speech_streams{state="listening"}')).toBe(1);
  await client.trpc.transcripts.stop.mutate({ streamId });

  const afterwards = await scrape(server.url);
  expect(afterwards('speech_streams{state="listening"}')).toBe(0);
  expect(afterwards('speech_streams{state="ended"}')).toBe(0);
  for (const what of ['in', 'sent', 'billed']) {
    expect(afterwards(`speech_audio_seconds_total{what="${what}"}`)).toBe(2);
  }
  for (const type of ['partial', 'final']) {
    expect(afterwards(`speech_caption_lag_seconds_count{type="${type}"}`)).toBe(1);
  }
  expect(afterwards('speech_gaps_total{reason="network"}')).toBe(1);
  expect(afterwards('speech_gap_seconds_total{reason="network"}')).toBe(4);
  expect(afterwards('speech_queue_length')).toBe(0);
});

/** Reads `/metrics`. @returns a function that gives the value of one metric with its labels; NaN if it is missing. */
async function scrape(url: string): Promise<(metric: string) => number> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  const lines = (await answer.text()).split('\n');
  return (metric) => {
    const line = lines.find((candidate) => candidate.startsWith(`roomscribe_${metric} `));
    return Number(line?.split(' ').at(-1));
  };
}
