import { describe, expect, test } from 'vitest';
import type { CaptionEvent, Utterance } from '../../server/contract/types.ts';
import { CaptionBoard } from './captionBoard.ts';

const ann = { id: 'ann', name: 'Ann' };

const heard = (
  type: 'partial' | 'final',
  id: string,
  text: string,
  seq: number | null = null,
): CaptionEvent => ({
  type,
  utterance: { id, streamId: 'stream', speaker: ann, text, seq } as Utterance,
});
const stream = (state: 'listening' | 'ended', streamId = 'stream'): CaptionEvent => ({
  ...{ type: 'stream', engine: 'aws', streamId, speaker: ann, state },
});

function open(inTimeline: string[] = []) {
  const board = new CaptionBoard();
  const receive = (...events: CaptionEvent[]) => {
    for (const event of events) board.receive(event, (id) => inTimeline.includes(id));
  };
  return { board, receive, texts: () => board.lines.map(({ text }) => text) };
}

describe('the captions', () => {
  test('are one line an utterance, which changes in its place', () => {
    const { receive, texts } = open();
    receive(heard('partial', 'a', 'he'), heard('partial', 'b', 'and'), heard('partial', 'a', 'hello'));
    expect(texts()).toEqual(['hello', 'and']);
    receive(heard('final', 'a', 'hello there', 1));
    expect(texts()).toEqual(['hello there', 'and']);
  });

  test('hold a finished line until its message stands in the timeline', () => {
    const { board, receive, texts } = open();
    receive(heard('final', 'a', 'hello', 1), stream('ended'));
    expect(texts()).toEqual(['hello']);
    board.settle(['a']);
    expect(texts()).toEqual([]);
  });

  test('do not show again what stands in the timeline already', () => {
    const { receive, texts } = open(['a']);
    receive(heard('partial', 'a', 'hel'), heard('final', 'a', 'hello', 1));
    expect(texts()).toEqual([]);
  });

  test('name who speaks until their stream ends, and drop what was never finished', () => {
    const { board, receive, texts } = open();
    receive(stream('listening'), heard('partial', 'a', 'hel'));
    expect(board.speaking).toEqual([{ streamId: 'stream', speaker: ann }]);
    receive(stream('ended'));
    expect([board.speaking, texts()]).toEqual([[], []]);
  });

  test('after a lost connection keep only what is heard of again', () => {
    const { board, receive, texts } = open();
    receive(
      stream('listening'),
      stream('listening', 'other'),
      heard('partial', 'a', 'gone'),
      heard('partial', 'b', 'still'),
    );
    board.doubt();
    receive(stream('listening'), heard('partial', 'b', 'still here'), heard('partial', 'c', 'new'));
    board.dropDoubtful();
    expect(board.speaking.map(({ streamId }) => streamId)).toEqual(['stream']);
    expect(texts()).toEqual(['still here', 'new']);
  });
});
