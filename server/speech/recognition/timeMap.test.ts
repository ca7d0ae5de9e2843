import { expect, test } from 'vitest';
import { resultAt } from '../../../testing/speech/recognitionScene.ts';
import { NUMBERS_RATE, synthesizeNumbers } from '../../transcriber/testing/numbers.ts';
import { TimeMap } from './timeMap.ts';

/** A map of pieces of one second each, which begin at these seconds of the stream. */
function createMap(...seconds: number[]): TimeMap {
  const map = new TimeMap(NUMBERS_RATE);
  for (const second of seconds)
    map.append({ at: second * NUMBERS_RATE, pcm: synthesizeNumbers([{ silence: 1 }]) });
  return map;
}

/** Translates a time span of the engine call into one of the stream. */
function translate(map: TimeMap, start: number, end: number): [number, number] {
  const event = map.toStreamTime({ ...resultAt(0, 'one'), start, end });
  return [event.start, event.end];
}

test('times of an engine call that began late in the stream count from the start of the stream', () => {
  expect(translate(createMap(100, 101), 0.5, 1.5)).toEqual([100.5, 101.5]);
});

test('words are translated like their event', () => {
  const { words } = createMap(5, 6, 7).toStreamTime(resultAt(1, 'one two'));
  expect(words.map(({ start, end }) => [start, end])).toEqual([
    [6, 7],
    [7, 8],
  ]);
});

test('at a hole, a start is placed after the hole and an end before it', () => {
  const map = createMap(0, 10);
  expect(translate(map, 0, 1)).toEqual([0, 1]);
  expect(translate(map, 1, 2)).toEqual([10, 11]);
  expect(translate(map, 0.5, 1.5)).toEqual([0.5, 10.5]);
});

test('a time of no length at a hole keeps its end at its start', () => {
  expect(translate(createMap(0, 10), 1, 1)).toEqual([10, 10]);
});

test('times past the newest audio are cut at its end', () => {
  expect(translate(createMap(5), 0.5, 1.2)).toEqual([5.5, 6]);
  expect(translate(createMap(5), 1.1, 1.2)).toEqual([6, 6]);
});

test('dropping what lies before a sample changes no later time', () => {
  const map = createMap(0, 10, 20);
  map.dropBefore(10 * NUMBERS_RATE - 1);
  expect(translate(map, 0.5, 2.5)).toEqual([0.5, 20.5]);
  map.dropBefore(10 * NUMBERS_RATE);
  expect(translate(map, 1.5, 2.5)).toEqual([10.5, 20.5]);
  map.dropBefore(15 * NUMBERS_RATE);
  expect(translate(map, 1.5, 2.5)).toEqual([10.5, 20.5]);
});

test('it counts the samples that were sent, and where in the stream they end', () => {
  expect(createMap(0, 10)).toMatchObject({ sentSamples: 2 * NUMBERS_RATE, endSample: 11 * NUMBERS_RATE });
});
