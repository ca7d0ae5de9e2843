import type { Utterance } from '../../../contract/types.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { widthOf } from './width.ts';

/** A stretch of one voice: what was said of it, or that it was not heard. */
export type Turn = { name: string; pieces: Piece[] };

/** An utterance by voices, nearly always one. */
export function turnsOf(utterance: Utterance): Turn[] {
  const turns: (Turn & Pick<Piece, 'voice'>)[] = [];
  for (const piece of utterance.gap ? [notHeard(utterance)] : piecesOf(utterance)) {
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

function notHeard({ startedAt, endedAt }: Utterance): Piece {
  const [startMs, endMs] = [Date.parse(startedAt), Date.parse(endedAt ?? startedAt)];
  const text = `[not heard: ${Math.max(1, Math.round((endMs - startMs) / 1_000))} s]`;
  return { text, width: widthOf(text), spaced: true, startMs, endMs, voice: undefined };
}

/** Marks that turn the direction of all that follows them on the line. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** Several people on one microphone are told apart by a number behind the name of whose it is. */
function nameOf({ speaker }: Utterance, voice: string | undefined): string {
  const name = speaker.name.replace(TURNING, '');
  return voice === undefined ? name : `${name} (${Number(voice) + 1})`;
}
