import type { Utterance } from '../../../contract/types.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { widthOf } from './width.ts';

/** A part of an utterance that one voice said, or a gap. */
export type Turn = { name: string; pieces: Piece[] };

/** Splits an utterance by voices. There is nearly always just one. */
export function turnsOf(utterance: Utterance): Turn[] {
  const turns: (Turn & Pick<Piece, 'voice'>)[] = [];
  for (const piece of utterance.gap ? [gapPiece(utterance)] : piecesOf(utterance)) {
    const turn = turns.at(-1);
    if (turn && turn.voice === piece.voice) turn.pieces.push(piece);
    else turns.push({ name: nameOf(utterance, piece.voice), voice: piece.voice, pieces: [piece] });
  }
  return turns;
}

export function textOf(pieces: Piece[]): string {
  return pieces
    .map(({ text, spaced }) => (spaced ? ` ${text}` : text))
    .join('')
    .trim();
}

function gapPiece({ startedAt, endedAt }: Utterance): Piece {
  const [startMs, endMs] = [Date.parse(startedAt), Date.parse(endedAt ?? startedAt)];
  const text = `[not heard: ${Math.max(1, Math.round((endMs - startMs) / 1_000))} s]`;
  return { text, width: widthOf(text), spaced: true, startMs, endMs, voice: undefined };
}

/** Control characters that change the writing direction of the rest of the line. */
const DIRECTION_MARKS = /[\u202a-\u202e\u2066-\u2069]/g;

/** If several people share a microphone, a number follows the name of its owner. */
function nameOf({ speaker }: Utterance, voice: string | undefined): string {
  const name = speaker.name.replace(DIRECTION_MARKS, '');
  return voice === undefined ? name : `${name} (${Number(voice) + 1})`;
}
