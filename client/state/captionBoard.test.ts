import { describe, expect, test } from 'vitest';
import type { CaptionEvent, StreamState, Utterance } from '../../contract/types.ts';
import { CaptionBoard, type CaptionStream } from './captionBoard.ts';

const ann = { id: 'ann', name: 'Ann' };

const caption = (
  type: 'partial' | 'final',
  id: string,
  text: string,
  seq: number | null = null,
): CaptionEvent => ({
  type,
  utterance: { id, streamId: 'stream', speaker: ann, text, seq } as Utterance,
});
const stream = (state: StreamState, streamId = 'stream', reason?: string): CaptionStream => ({
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
  test('show each utterance as one line, which changes in place', () => {
    const { receive, texts } = open();
    receive(caption('partial', 'a', 'he'), caption('partial', 'b', 'and'), caption('partial', 'a', 'hello'));
    expect(texts()).toEqual(['hello', 'and']);
    receive(caption('final', 'a', 'hello there', 1));
    expect(texts()).toEqual(['hello there', 'and']);
  });

  test('keep a finished line until its message is in the timeline', () => {
    const { board, receive, texts } = open();
    receive(caption('final', 'a', 'hello', 1), stream('ended'));
    expect(texts()).toEqual(['hello']);
    board.removeLines(['a']);
    expect(texts()).toEqual([]);
  });

  test('do not show an utterance that is in the timeline already', () => {
    const { receive, texts } = open(['a']);
    receive(caption('partial', 'a', 'hel'), caption('final', 'a', 'hello', 1));
    expect(texts()).toEqual([]);
  });

  test('list a stream until it ends, and then drop its unfinished line', () => {
    const { board, receive, texts } = open();
    receive(stream('listening'), caption('partial', 'a', 'hel'));
    expect(board.streams).toEqual([stream('listening')]);
    receive(stream('paused', 'stream', 'silence'));
    expect(board.streams).toEqual([stream('paused', 'stream', 'silence')]);
    receive(stream('ended'));
    expect([board.streams, texts()]).toEqual([[], []]);
  });

  test('keep the reason of an unexpected end for a while, or until the speaker starts again', () => {
    const { board, receive } = open();
    const spent = stream('ended', 'stream', 'budget_spent');
    receive(stream('listening'), spent);
    expect(board.streams).toEqual([spent]);
    receive(stream('listening', 'next'));
    expect(board.streams).toEqual([stream('listening', 'next')]);
    board.forgetEnded('next');
    expect(board.streams).toHaveLength(1);
    receive(stream('ended', 'next', 'budget_spent'));
    board.forgetEnded('next');
    expect(board.streams).toEqual([]);
    receive(stream('listening'), stream('ended', 'stream', 'stopped'));
    expect(board.streams).toEqual([]);
  });

  test('after a lost connection keep only the streams and lines that the server sends again', () => {
    const { board, receive, texts } = open();
    receive(
      stream('listening'),
      stream('listening', 'other'),
      caption('partial', 'a', 'gone'),
      caption('partial', 'b', 'still'),
    );
    board.markUnconfirmed();
    receive(stream('listening'), caption('partial', 'b', 'still here'), caption('partial', 'c', 'new'));
    board.dropUnconfirmed();
    expect(board.streams.map(({ streamId }) => streamId)).toEqual(['stream']);
    expect(texts()).toEqual(['still here', 'new']);
  });
});
