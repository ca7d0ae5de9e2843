import { randomUUID } from 'node:crypto';
import { encodeChunk } from '../../../contract/chunk.ts';
import { wireEncoder } from '../../../contract/encoder.ts';
import { upTo } from '../../../db/testing/material.ts';
import type { Attack, Target } from '../attack.ts';
import { call } from '../frames.ts';
import { flood, openDeafSocket, openSocket, post, repeat } from '../wire.ts';

/** A second of loud noise at 16 kHz. */
const SECOND = Uint8Array.from({ length: 32_000 }, (_, i) => (i * 7_919) % 251);

function chunk(streamId: string, seq: number, pcm = SECOND): Uint8Array {
  return wireEncoder.encode(
    call(seq, 'mutation', 'transcripts.push', encodeChunk({ streamId, seq, pcm })),
  ) as Uint8Array;
}

/** Pushes chunks of a speech stream as fast as the server takes them. */
async function push(
  { url, token, busyRoomId: roomId, signal }: Target,
  open: typeof openSocket,
): Promise<void> {
  const start = { roomId, language: 'en-US', sampleRate: 16_000 };
  const { streamId } = await post<{ streamId: string }>(url, 'transcripts.start', start, token);
  let seq = 0;
  await repeat(signal, async () => {
    const socket = await open(url, token);
    await flood(socket, signal, () => {
      for (const _ of upTo(8)) socket.send(chunk(streamId, seq++));
    });
  });
}

export const audioAttacks: Attack[] = [
  { name: 'chunks of audio', person: 'user', needsSpeech: true, run: (target) => push(target, openSocket) },
  {
    name: 'chunks of audio, answers never read',
    person: 'user',
    needsSpeech: true,
    run: (target) => push(target, openDeafSocket),
  },
  {
    name: 'chunks of unknown streams, answers never read',
    person: 'user',
    async run({ url, token, signal }) {
      const streamId = randomUUID();
      const pcm = new Uint8Array(100);
      await repeat(signal, async () => {
        const socket = await openDeafSocket(url, token);
        let seq = 0;
        await flood(socket, signal, () => {
          for (const _ of upTo(100)) socket.send(chunk(streamId, seq++, pcm));
        });
      });
    },
  },
];
