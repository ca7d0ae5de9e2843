/** A speech stream whose page was reloaded while the microphone was on. */
export type InterruptedStream = { roomId: string; streamId: string };

const KEY = 'roomscribe.speaking';
/** The server keeps a stream without a connection for this long. */
const GRACE_MS = 20_000;

/** Call this when the page goes, not earlier: a tab that is restored tomorrow must not turn the microphone on. */
export function saveInterruptedStream(storage: Storage, stream: InterruptedStream, now: number): void {
  storage.setItem(KEY, JSON.stringify({ ...stream, at: now }));
}

/** Removes the saved stream. @returns its id, if it is of this room and the server still keeps it. */
export function takeInterruptedStream(storage: Storage, roomId: string, now: number): string | undefined {
  const text = storage.getItem(KEY);
  storage.removeItem(KEY);
  if (text === null) return undefined;
  const saved = read(text);
  return saved?.roomId === roomId && now - saved.at < GRACE_MS ? saved.streamId : undefined;
}

function read(text: string): (InterruptedStream & { at: number }) | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
