import type { Attack } from './attack.ts';
import { badInputs } from './badInputs.ts';
import { exportLoop } from './exportLoop.ts';
import { guestFlood } from './guestFlood.ts';
import { listFlood } from './listFlood.ts';
import { replayFlood } from './replayFlood.ts';
import { searchesKept } from './searchesKept.ts';
import { searchesThenClose } from './searchesThenClose.ts';
import { sendFlood } from './sendFlood.ts';

/** The attacks on the server's time. */
export const workAttacks: Attack[] = [
  searchesThenClose,
  searchesKept,
  sendFlood,
  exportLoop,
  replayFlood,
  listFlood,
  guestFlood,
  badInputs,
];
