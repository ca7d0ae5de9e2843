import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CLOSE } from '../../contract/close.ts';
import { LIMITS } from '../../contract/limits.ts';
import { BytesHeld } from '../flow/bytesHeld.ts';

/** The cost of each read besides its bytes, until the frame is complete. */
const READ_OVERHEAD_BYTES = 256;

/**
 * Bounds the frames that strangers have begun and not finished, together at each address. Nobody needs a session to begin a
 * thousand frames of 100 KB.
 */
export class UnfinishedFrames {
  readonly #held = new BytesHeld();
  readonly #inTurn: (address: string, task: () => void) => void;

  /** @param inTurn runs a task when it is the turn of the strangers at an address. A thousand sockets may be cut at once. */
  constructor(inTurn: (address: string, task: () => void) => void) {
    this.#inTurn = inTurn;
  }

  /**
   * Counts what comes on a connection. Closes it if the strangers of its address have begun too much.
   * @param headBytes what was read with the request of the upgrade, and belongs to the first frame.
   * @returns a function that ends the count, for when the user is known.
   */
  watch(
    ws: WebSocket,
    connection: Socket,
    { address, headBytes }: { address: string; headBytes: number },
  ): () => void {
    let bytesDone = connection.bytesRead - headBytes;
    let reads = 0;
    let counted = 0;
    let state: 'read' | 'paused' | 'ended' = 'read';
    const count = (bytes: number) => {
      this.#held.add(address, bytes - counted);
      counted = bytes;
    };
    const onData = () => {
      reads += 1;
      count(Math.max(0, connection.bytesRead - bytesDone) + reads * READ_OVERHEAD_BYTES);
      if (state !== 'read' || this.#held.of(address) <= LIMITS.strangersUnfinishedBytes) return;
      state = 'paused';
      ws.pause();
      this.#inTurn(address, () => {
        if (state === 'paused') cut(ws);
      });
    };
    const onFrame = (data: Buffer) => {
      bytesDone += data.length + headerBytes(data.length);
      reads = 0;
      count(Math.max(0, connection.bytesRead - bytesDone));
    };
    const end = () => {
      connection.off('data', onData).off('close', end);
      for (const event of FRAMES) ws.off(event, onFrame);
      count(0);
      if (state === 'paused') ws.resume();
      state = 'ended';
    };
    connection.on('data', onData).once('close', end);
    for (const event of FRAMES) ws.on(event, onFrame);
    return end;
  }
}

const FRAMES = ['message', 'ping', 'pong'] as const;

/** The bytes of a masked frame's header (RFC 6455, section 5.2). */
function headerBytes(payload: number): number {
  if (payload < 126) return 6;
  return payload < 65_536 ? 8 : 14;
}

function cut(ws: WebSocket): void {
  ws.close(CLOSE.stranger, 'too many unfinished messages without a session');
  // It may not read the close frame. What it has begun must go now.
  ws.terminate();
}
