import type { Store } from '../../db/store.ts';
import { addPerson, addRoom, append, spoken, typed } from '../../db/testing/material.ts';

const BATCH = 200;
const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel'];

/** Makes a public room in which every second message is spoken. @returns its id. */
export async function addLongRoom(store: Store, messages: number): Promise<string> {
  const owner = await addPerson(store, 'Owner');
  const roomId = await addRoom(store, owner, { name: 'A long room' });
  for (let from = 0; from < messages; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, messages - from) }, (_, i) => {
      const text = textOf(from + i);
      const at = new Date(Date.UTC(2026, 0, 1) + (from + i) * 1_000).toISOString();
      return i % 2 === 0 ? typed(roomId, owner, { text }) : spoken(roomId, owner, at, text);
    });
    await append(store, batch);
  }
  return roomId;
}

function textOf(n: number): string {
  return Array.from({ length: 12 }, (_, i) => WORDS[(n * 7 + i * n) % WORDS.length]).join(' ');
}
