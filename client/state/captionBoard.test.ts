import { describe, expect, test } from 'vitest';
import type { CaptionEvent, StreamState, Utterance } from '../../contract/types.ts';
import { CaptionBoard, type Speaking } from './captionBoard.ts';

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
const stream = (state: StreamState, streamId = 'stream', reason?: string): Speaking => ({
  ...{ type: 'stream', engine: 'aws', streamId, speaker: ann, state },
  ...(reason !== undefined && { reason }),
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
    expect(board.speaking).toEqual([stream('listening')]);
    receive(stream('paused', 'stream', 'silence'));
    expect(board.speaking).toEqual([stream('paused', 'stream', 'silence')]);
    receive(stream('ended'));
    expect([board.speaking, texts()]).toEqual([[], []]);
  });

  test('say why a stream ended that nobody ended, for a while or until its speaker is heard again', () => {
    const { board, receive } = open();
    const spent = stream('ended', 'stream', 'budget_spent');
    receive(stream('listening'), spent);
    expect(board.speaking).toEqual([spent]);
    receive(stream('listening', 'next'));
    expect(board.speaking).toEqual([stream('listening', 'next')]);
    board.forgetEnded('next');
    expect(board.speaking).toHaveLength(1);
    receive(stream('ended', 'next', 'budget_spent'));
    board.forgetEnded('next');
    expect(board.speaking).toEqual([]);
    receive(stream('listening'), stream('ended', 'stream', 'stopped'));
    expect(board.speaking).toEqual([]);
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
