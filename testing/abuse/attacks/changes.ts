import { randomUUID } from 'node:crypto';
import type { Attack, Target } from '../attack.ts';
import { calls } from '../frames.ts';
import { post, repeatFrames } from '../wire.ts';

/** A frame holds 128 KiB. */
const LONG_TEXT = 'the quick brown fox '.repeat(45);
/** 4,000 different characters cost the index most. */
const VARIED_TEXT = Array.from({ length: 4_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');

function sends(
  name: string,
  text: string,
  { sockets, perFrame }: { sockets: number; perFrame: number },
): Attack {
  return {
    name,
    person: 'user',
    run: (target) =>
      repeatFrames(target, {
        sockets,
        everyMs: 1_000,
        frame: () =>
          JSON.stringify(
            calls(perFrame, 'mutation', 'messages.send', () => ({
              roomId: target.longRoomId,
              clientId: randomUUID(),
              text,
            })),
          ),
      }),
  };
}

/** Sends a message to the room in which everybody listens, and changes it again and again. */
function changes(name: string, path: string, input: (i: number) => object): Attack {
  return {
    name,
    person: 'user',
    async run(target) {
      const { roomId, messageId } = await sendBusy(target);
      const frame = JSON.stringify(calls(200, 'mutation', path, (i) => ({ roomId, messageId, ...input(i) })));
      await repeatFrames(target, { sockets: 8, everyMs: 500, frame: () => frame });
    },
  };
}

async function sendBusy({ url, token, busyRoomId: roomId }: Target) {
  const message = { roomId, clientId: randomUUID(), text: 'hello' };
  const { id } = await post<{ id: string }>(url, 'messages.send', message, token);
  return { roomId, messageId: id };
}

export const changeAttacks: Attack[] = [
  sends('1,000 sends at once', LONG_TEXT, { sockets: 8, perFrame: 125 }),
  sends('texts of 4,000 different characters', VARIED_TEXT, { sockets: 16, perFrame: 10 }),
  sends('texts of U+FDFA', '\uFDFA'.repeat(4_000), { sockets: 16, perFrame: 10 }),
  changes('edits in a busy room', 'messages.edit', (i) => ({ text: `${i} ${LONG_TEXT.slice(0, 400)}` })),
  changes('reactions in a busy room', 'messages.react', (i) => ({ emoji: '👍', on: i % 2 === 0 })),
  {
    name: 'typing in a busy room',
    person: 'user',
    async run(target) {
      const input = { roomId: target.busyRoomId };
      const frame = JSON.stringify(
        calls(400, 'mutation', 'messages.typing', (i) => ({ ...input, typing: i % 2 === 0 })),
      );
      await repeatFrames(target, { sockets: 8, everyMs: 250, frame: () => frame });
    },
  },
];
