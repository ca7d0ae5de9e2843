import { expect, test } from 'vitest';
import type { Word } from '../../../contract/types.ts';
import { voicesOf } from './voices.ts';

const word = (text: string, speaker?: string): Word => ({
  ...{ text, start: 0, end: 0, confidence: null },
  ...(speaker !== undefined && { speaker }),
});

test('a text is split where the speaker changes, and punctuation stays with the words before it', () => {
  const words = [word('Good', '0'), word('morning', '0'), word('Hello', '1'), word('Good', '0')];
  expect(voicesOf('Good morning. Hello! Good.', words)).toEqual([
    { speaker: '0', text: 'Good morning.' },
    { speaker: '1', text: 'Hello!' },
    { speaker: '0', text: 'Good.' },
  ]);
});

test('a text without speakers, with other words or without words is not split', () => {
  expect(voicesOf('Good morning', [word('Good'), word('morning')])).toBeNull();
  expect(voicesOf('Bad evening', [word('Good', '0'), word('morning', '1')])).toBeNull();
  expect(voicesOf('Good morning', [])).toBeNull();
});
