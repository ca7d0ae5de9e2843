import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { httpClient } from '../clients.ts';
import { startServerProcess, temporaryDatabase } from '../serverProcess.ts';
import { memoryAttacks, type Target } from './attacks.ts';

/** Prints how much memory each attack adds to a real server: `node testing/abuse/memory.ts [SECONDS] [PART_OF_A_NAME]`. */
const seconds = Number(process.argv[2] ?? 7);

async function prepare(url: string): Promise<Target> {
  const { token } = await httpClient(url).session.guest.mutate({ name: 'Ada' });
  const trpc = httpClient(url, token);
  const { id: roomId } = await trpc.rooms.create.mutate({ name: 'Hall' });
  for (const _ of upTo(LIMITS.pageSizeMax)) {
    const text = '가'.repeat(LIMITS.textLength);
    await trpc.messages.send.mutate({ roomId, clientId: crypto.randomUUID(), text });
  }
  // The first reads fill caches and pools that stay.
  for (const _ of upTo(20)) await trpc.messages.list.query({ roomId, limit: LIMITS.pageSizeMax });
  return { url, token, roomId };
}

const wanted = memoryAttacks.filter(({ name }) => name.includes(process.argv[3] ?? ''));
for (const { name, run } of wanted) {
  const database = temporaryDatabase();
  const server = await startServerProcess({ DATABASE_URL: database.url, SPEECH_ENGINE: 'off' });
  const target = await prepare(server.url);
  const before = server.memoryMiB();
  let highest = before;
  const timer = setInterval(() => {
    highest = Math.max(highest, server.memoryMiB());
  }, 100);
  await run(target, seconds * 1_000);
  clearInterval(timer);
  process.stdout.write(`${name}: ${before.toFixed(0)} → ${highest.toFixed(0)} MiB\n`);
  await server.stop();
  database.remove();
}
