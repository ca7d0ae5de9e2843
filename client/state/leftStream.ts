/** A speech stream that a page has left behind, being reloaded while its microphone was on. */
export type LeftStream = { roomId: string; streamId: string };

const KEY = 'roomscribe.speaking';
/** So long the server waits for a stream whose connection is lost. */
const GRACE_MS = 20_000;

/** To be called as the page goes, not before: a tab that is restored tomorrow must not turn the microphone on. */
export function leaveStream(storage: Storage, left: LeftStream, now: number): void {
  storage.setItem(KEY, JSON.stringify({ ...left, at: now }));
}

/** The stream that can go on in this room, once. */
export function takeLeftStream(storage: Storage, roomId: string, now: number): string | undefined {
  const text = storage.getItem(KEY);
  storage.removeItem(KEY);
  if (text === null) return undefined;
  const left = JSON.parse(text) as LeftStream & { at: number };
  return left.roomId === roomId && now - left.at < GRACE_MS ? left.streamId : undefined;
}
