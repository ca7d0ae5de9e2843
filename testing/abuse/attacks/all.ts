import type { Attack } from '../attack.ts';
import { audioAttacks } from './audio.ts';
import { changeAttacks } from './changes.ts';
import { readAttacks } from './reads.ts';
import { searchAttacks } from './searches.ts';
import { strangerAttacks } from './strangers.ts';
import { unreadAttacks } from './unread.ts';

export const attacks: Attack[] = [
  ...[...searchAttacks, ...changeAttacks, ...readAttacks],
  ...[...unreadAttacks, ...strangerAttacks, ...audioAttacks],
];
