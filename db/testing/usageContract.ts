import { expect, test } from 'vitest';
import { addRoom, append, NOWHERE, type Scene, typed, upTo } from './material.ts';

/** The store's contract: seconds of recognised speech. */
export function describeUsage(scene: Scene): void {
  test('seconds of speech add up per room and day', async () => {
    const { store, ada, room } = scene;
    const other = await addRoom(store, ada);
    expect(await store.speechSeconds(room, '2026-11-23')).toBe(0);
    expect(await store.addSpeechSeconds(room, '2026-11-23', 12.5)).toBe(12.5);
    expect(await store.addSpeechSeconds(room, '2026-11-23', 0.25)).toBe(12.75);
    expect(await store.addSpeechSeconds(room, '2026-11-24', 1)).toBe(1);
    expect(await store.addSpeechSeconds(other, '2026-11-23', 2)).toBe(2);
    expect(await store.speechSeconds(room, '2026-11-23')).toBe(12.75);
    expect(await store.speechSeconds(room, '2026-11-24')).toBe(1);
  });

  test('concurrent additions are all counted, even among messages', async () => {
    const { store, ada, room } = scene;
    const totals = await Promise.all(
      upTo(20).map(async () => {
        await append(store, [typed(room, ada)]);
        return store.addSpeechSeconds(room, '2026-11-23', 0.5);
      }),
    );
    expect(totals.sort((a, b) => a - b)).toEqual(upTo(20).map((i) => i / 2));
    expect(await store.speechSeconds(room, '2026-11-23')).toBe(10);
  });

  test('an unknown room refuses seconds and has none', async () => {
    const { store } = scene;
    await expect(store.addSpeechSeconds(NOWHERE, '2026-11-23', 1)).rejects.toThrow();
    expect(await store.speechSeconds(NOWHERE, '2026-11-23')).toBe(0);
  });
}
